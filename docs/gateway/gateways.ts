// The proxies of this folder as real processes, each with the very file that stands here.
import path from 'node:path';
import { freePort } from '../../server/testing/processes.ts';
import { caddy, nginx, type ProxyKind, type RunningProxy, startProxy } from '../proxies.ts';

export interface GatewayKind extends ProxyKind {
  file: string;
  /** What makes `http://:8080` of the file an address of this machine alone. */
  listen(port: string): [string, string];
}

export const gatewayKinds = {
  nginx: {
    ...nginx,
    file: 'nginx.conf',
    listen: (port) => ['listen 8080;', `listen 127.0.0.1:${port};`],
  },
  caddy: {
    ...caddy,
    file: 'Caddyfile',
    listen: (port) => ['http://:8080 {', `http://:${port} {\n\tbind 127.0.0.1`],
  },
} as const satisfies Record<string, GatewayKind>;

/**
 * @param places the `host:port` of the app, or those of its copies where it is nginx, and that of
 *   the service that is protected.
 */
export async function startGateway(
  kind: GatewayKind,
  { app, backend }: { app: string | string[]; backend: string },
): Promise<RunningProxy> {
  // Neither proxy tells which port it took.
  const port = await freePort();
  return startProxy(kind, path.join(import.meta.dirname, kind.file), {
    origin: `http://127.0.0.1:${port}`,
    changes: [kind.listen(port), changeOfApp(app), ['backend:3001', backend]],
  });
}

/** Copies are listed as README.md says. */
function changeOfApp(app: string | string[]): [string, string] {
  if (typeof app === 'string') return ['app:3000', app];
  return ['server app:3000;', app.map((copy) => `server ${copy} max_fails=0;`).join('\n')];
}
