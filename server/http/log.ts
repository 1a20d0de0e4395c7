import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { client } from './client.ts';

/**
 * One line a request. What may hold a secret never gets here: no body, no header but the request
 * id that we made ourselves, no query string, and nothing in a path that looks like a key.
 */
export function requestLog(log: Logger): RequestHandler {
  return (req, res, next) => {
    res.locals.requestId = logRequest(log, req, res, {
      path: req.path,
      about: () => ({ ip: client(req).ip, user: req.session?.user?.id }),
    });
    next();
  };
}

/**
 * Logs a request when it is over, and gives it an id, which it returns.
 *
 * @param about what more to tell of it, asked for at the end.
 */
export function logRequest(
  log: Logger,
  { method }: IncomingMessage,
  res: ServerResponse,
  { path, about }: { path: string; about: () => object },
): string {
  const start = performance.now();
  const requestId = randomUUID();
  res.setHeader('X-Request-Id', requestId);
  res.on('close', () => {
    log.info({
      requestId,
      method,
      path: withoutKeys(path),
      status: res.statusCode,
      ms: Math.round(performance.now() - start),
      ...about(),
      ...(res.writableFinished ? {} : { aborted: true }),
    });
  });
  return requestId;
}

const MAX_PATH_LENGTH = 256;

/** A key can be written with some of its characters, or all, in percent-encoding. */
function withoutKeys(path: string): string {
  // Cut last: half a key would no longer look like one.
  return path.replace(/(?:[0-9A-Za-z]|%[0-9A-Fa-f]{2}){64,}/g, '…').slice(0, MAX_PATH_LENGTH);
}
