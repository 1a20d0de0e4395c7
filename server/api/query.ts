import type { IncomingMessage } from 'node:http';

/**
 * The query of a request's URL. Only for a head within the limits (http/request-limits.ts).
 * Express's `req.query` silently ignores names after the first 1,000, and makes lists of repeated ones.
 */
export function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const start = url.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : url.slice(start));
}
