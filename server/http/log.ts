import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/**
 * One line a request. What may hold a secret never gets here: no body, no header but the request
 * id that we made ourselves, no query string, and nothing in a path that looks like a key.
 */
export function requestLog(log: Logger): RequestHandler {
  return (req, res, next) => {
    const start = performance.now();
    const requestId = randomUUID();
    const path = withoutKeys(req.path);
    res.locals.requestId = requestId;
    res.set('X-Request-Id', requestId);
    res.on('close', () => {
      log.info({
        requestId,
        method: req.method,
        path,
        status: res.statusCode,
        ms: Math.round(performance.now() - start),
        ip: req.ip,
        user: req.session?.user?.id,
        ...(res.writableFinished ? {} : { aborted: true }),
      });
    });
    next();
  };
}

function withoutKeys(path: string): string {
  return path.replace(/[0-9A-Za-z]{64,}/g, '…');
}
