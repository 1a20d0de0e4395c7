import type { Response } from 'express';

/**
 * Sends an answer part by part, each when the client has read the ones before, so that a long answer
 * needs no memory. What fails before the first part is still an error page; afterwards the answer
 * breaks off. To a client that has gone nothing more is sent, and no more parts are asked for.
 */
export async function sendParts(
  res: Response,
  headers: Record<string, string>,
  parts: AsyncIterable<string>,
): Promise<void> {
  for await (const part of parts) {
    if (res.destroyed) return;
    if (!res.headersSent) res.set(headers);
    if (res.req.method === 'HEAD') break;
    if (!res.write(part)) await drained(res);
  }
  res.end();
}

/** Until the client has read what was sent, or has gone. */
function drained(res: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.on('drain', done).on('close', done);
  });
}
