import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { client } from './client.ts';

/**
 * Gives each request an id, and logs the request in one line when it is over. Nothing that may contain
 * a secret is logged: no body, no header (but the client's address, once it is parsed), no query string,
 * and no part of a path that looks like a key.
 */
export function requestLog(log: Logger): RequestHandler {
  return (req, res, next) => {
    const start = performance.now();
    const requestId = randomUUID();
    const { method, path } = req;
    // Read now: a closed connection has no address, unless it was read before.
    const { ip } = client(req);
    res.locals.requestId = requestId;
    res.setHeader('X-Request-Id', requestId);
    res.on('close', () => {
      log.info({
        requestId,
        method,
        path: withoutKeys(path),
        status: res.statusCode,
        ms: Math.round(performance.now() - start),
        ip,
        ...(res.locals.logged ?? { user: req.session?.user?.id }),
        ...(res.writableFinished ? {} : { aborted: true }),
      });
    });
    next();
  };
}

/** Adds to the log line of a request. `key` is the prefix of a key, never the key. */
export function addToLog(
  res: Response,
  more: { action?: string | undefined; outcome?: string; user?: number; key?: string },
): void {
  res.locals.logged = { ...res.locals.logged, ...more };
}

const MAX_PATH_LENGTH = 256;

/** A key can be written with some of its characters, or all, in percent-encoding. */
function withoutKeys(path: string): string {
  // Cut last: half a key would no longer look like one.
  return path.replace(/(?:[0-9A-Za-z]|%[0-9A-Fa-f]{2}){64,}/g, '…').slice(0, MAX_PATH_LENGTH);
}
