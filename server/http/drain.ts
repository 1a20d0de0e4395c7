import type { Server } from 'node:http';
import { Server as Listener } from 'node:net';

/** How long what is open may take to end by itself, and when we end it. */
const DRAIN_MS = 2_000;
const GRACE_MS = 10_000;

/**
 * Takes no new connection, the plainest way not to be ready, and lets those that are open end with
 * their next answer. A proxy that holds some of them loses no request: it turns to the next copy
 * where it can't connect, and is told to leave where it still can.
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
