// What the fault tests stand on, and why they are skipped where it is not there.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { findPrograms } from '../../bin/test-postgres.ts';
import { listeningAt } from '../../server/http/listening-at.ts';

export const noCluster =
  findPrograms() === undefined && 'there are no programs of PostgreSQL to start a private one with';

const nginxPlaces = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'];
export const nginx = nginxPlaces.find((file) => existsSync(file)) ?? '';
export const noNginx = nginx === '' && 'there is no nginx';

export const SESSION_SECRET = 'shared by all copies and long enough';

/** A port that nobody listens on at the moment, for a process that starts again at its old place. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = new URL(listeningAt(server));
  server.close();
  await once(server, 'close');
  return port;
}
