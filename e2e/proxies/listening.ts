// What stands behind a proxy, in tests.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
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

/** A server on a free port that remembers what it was asked. */
export async function listening(answer: (request: Received, res: ServerResponse) => void) {
  const requests: Received[] = [];
  const server = createServer(async (req, res) => {
    const { method, url, headers } = req;
    const received = { method, url, headers, body: await buffer(req) };
    requests.push(received);
    answer(received, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: new URL(listeningAt(server)).host,
    requests,
    async close() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
