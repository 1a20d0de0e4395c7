import type { Server } from 'node:http';

/** The URL of a server that listens on TCP, such as `http://127.0.0.1:3000`. */
export function listeningAt(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The server does not listen on a TCP port.');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
