// A stand-in for the server behind a proxy, in tests.
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
 * A server on a free port that records its requests. It accepts every upgrade and then echoes what it
 * receives.
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
      // A request that ends before its body does is not recorded.
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
