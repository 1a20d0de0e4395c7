import type { Response } from 'express';

/**
 * Sends an answer part by part, each when the client has read the ones before, so that a long answer
 * is never in memory as a whole. A failure before the first part is still an error page; after it, the
 * answer breaks off. Sending stops when the client has gone.
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

/** Resolves when the client has read what was sent, or has gone. */
function drained(res: Response): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.on('drain', done).on('close', done);
  });
}
