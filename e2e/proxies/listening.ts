// What stands behind a proxy, in tests.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { listeningAt } from '../../server/http/listening-at.ts';

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Listening {
  host: string;
  requests: Received[];
  close(): Promise<void>;
}

/**
 * A server on a free port that remembers what it was asked. It agrees to every upgrade that it is
 * asked for, and then sends back what it is sent.
 */
export async function listening(answer: (request: Received, res: ServerResponse) => void) {
  const requests: Received[] = [];
  const server = createServer((req, res) => {
    const { method, url, headers } = req;
    buffer(req).then(
      (body) => {
        const received = { method, url, headers, body };
        requests.push(received);
        answer(received, res);
      },
      // One that ends before its body does is not counted.
      () => res.destroy(),
    );
  });
  const tunnels = new Set<Duplex>();
  server.on('upgrade', ({ method, url, headers }, socket) => {
    requests.push({ method, url, headers, body: Buffer.alloc(0) });
    tunnels.add(socket);
    const agreed = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n\r\n`;
    socket.on('error', () => {}).write(agreed);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: new URL(listeningAt(server)).host,
    requests,
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
