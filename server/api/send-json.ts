import type { ServerResponse } from 'node:http';

/** Answers with JSON. (Express's `res.json` would add a charset, which JSON does not have.) */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.statusCode = status;
  res.setHeaders(new Map(Object.entries({ 'Content-Type': 'application/json', ...headers })));
  res.end(JSON.stringify(body));
}
