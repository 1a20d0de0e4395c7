import type { Server } from 'node:http';
import { Server as Listener } from 'node:net';

/** How often idle connections are closed, the first time after this long. */
const DRAIN_MS = 2_000;
/** After this long all connections are closed. */
const GRACE_MS = 10_000;

/**
 * Accepts no new connections, which is the simplest way not to be ready, and closes each open one
 * with its next answer. So a proxy loses no request: when it can't connect, it tries the next
 * instance, and its requests on open connections are still answered.
 */
export async function drain(server: Server): Promise<void> {
  server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
  const closed = new Promise((resolve) => {
    // Not `server.close()`: it would also close idle connections to which a request is on its way.
    Listener.prototype.close.call(server, resolve);
  });
  setInterval(() => server.closeIdleConnections(), DRAIN_MS).unref();
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
  await closed;
}
