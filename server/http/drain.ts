import type { Server } from 'node:http';
import { Server as Listener } from 'node:net';

/** How long what is open may take to end by itself, and when we end it. */
const DRAIN_MS = 2_000;
const GRACE_MS = 10_000;

/**
 * Accepts no new connections, which is the simplest way not to be ready, and closes each open one
 * with its next answer. So a proxy loses no request: where it can't connect, it tries the next
 * instance, and on the connections that it has it gets an answer.
 */
export async function drain(server: Server): Promise<void> {
  server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
  const closed = new Promise((resolve) => {
    // Not `server.close()`: it would also close idle connections, under a request on its way.
    Listener.prototype.close.call(server, resolve);
  });
  setInterval(() => server.closeIdleConnections(), DRAIN_MS).unref();
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
  await closed;
}
