// The proxies of docs/gateway as real processes, each with its file.
import path from 'node:path';
import { freePort } from '../../server/testing/processes.ts';
import { caddy, DOCS, nginx, type ProxyKind, type RunningProxy, startProxy } from './proxies.ts';

/** The example of an allowed origin in both files. */
export const ALLOWED_ORIGIN = 'https://app.example.com';

interface GatewayKind extends ProxyKind {
  file: string;
  /** The change that makes the proxy listen on loopback only, at `port`. */
  listen(port: string): [string, string];
  /** The change that turns the commented example into a line, so that its origin is allowed. */
  allowOrigin: [string, string];
}

export const gatewayKinds = {
  nginx: {
    ...nginx,
    file: 'nginx.conf',
    listen: (port) => ['listen 8080;', `listen 127.0.0.1:${port};`],
    allowOrigin: [`# ${ALLOWED_ORIGIN} $http_origin;`, `${ALLOWED_ORIGIN} $http_origin;`],
  },
  caddy: {
    ...caddy,
    file: 'Caddyfile',
    listen: (port) => ['http://:8080 {', `http://:${port} {\n\tbind 127.0.0.1`],
    allowOrigin: [
      `# import allow_origin ${ALLOWED_ORIGIN}`,
      `import allow_origin ${ALLOWED_ORIGIN}`,
    ],
  },
} as const satisfies Record<string, GatewayKind>;

/**
 * @param app the `host:port` of the app, or those of its instances (nginx only).
 * @param backend the `host:port` of the protected service.
 * @param allowsOrigin whether pages of `ALLOWED_ORIGIN` may call the service.
 */
export async function startGateway(
  kind: GatewayKind,
  {
    app,
    backend,
    allowsOrigin = false,
  }: { app: string | string[]; backend: string; allowsOrigin?: boolean },
): Promise<RunningProxy> {
  // Neither proxy reports which port it took.
  const port = await freePort();
  return startProxy(kind, path.join(DOCS, 'gateway', kind.file), {
    origin: `http://127.0.0.1:${port}`,
    changes: [
      kind.listen(port),
      changeOfApp(app),
      ['backend:3001', backend],
      ...(allowsOrigin ? [kind.allowOrigin] : []),
    ],
  });
}

/** Lists instances as docs/gateway/README.md says. */
function changeOfApp(app: string | string[]): [string, string] {
  if (typeof app === 'string') return ['app:3000', app];
  return ['server app:3000;', app.map((instance) => `server ${instance} max_fails=0;`).join('\n')];
}
