import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from '../../db/events.ts';
import type { HttpError } from '../http/errors.ts';

/** A request from a program, and its response. Plain node:http, without Express. */
export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  /** As sent, not decoded. */
  path: string;
  /** Empty where the head of the request was refused: then it is not parsed. */
  query: URLSearchParams;
  /** Why the head of the request was not read, for handlers to answer in their own way. */
  refusal: HttpError | undefined;
  client(): Client;
  /** Whether a page of another site sent it, by the browser's own word. */
  isCrossSite(): boolean;
  /** Additional fields for the log. Never a key. */
  about: { action?: string | undefined; outcome?: string; user?: number; key?: string };
}

export type Handler = (exchange: Exchange) => Promise<void>;

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
