// nginx and Redis. nginx is on the server's core; Redis is off it, like PostgreSQL.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProgram, freePort } from '../server/testing/processes.ts';
import type { Filled } from './database.ts';
import { onServerCore, startProgram } from './servers.ts';

const here = import.meta.dirname;

/** The files that the gateways need, and the Debian packages that have them. */
const NEEDED = [
  [findProgram('nginx'), 'nginx-light'],
  ['/usr/lib/nginx/modules/ngx_http_lua_module.so', 'libnginx-mod-http-lua'],
  ['/usr/share/lua/5.1/nginx/redis.lua', 'lua-nginx-redis'],
  [findProgram('redis-server'), 'redis-server'],
] as const;

/** @throws if a program of the gateways is not installed. */
export function needGateways(): void {
  const missing = NEEDED.filter(([file]) => file === undefined || !existsSync(file));
  const packages = missing.map(([, debian]) => debian).join(' ');
  if (packages) throw new Error(`nginx and Redis are needed. Debian: apt-get install ${packages}`);
}

/**
 * nginx as in docs/gateway.
 *
 * @param app the origin of the app that checks keys; without it nothing is checked
 * @param backend the origin of the service behind it
 */
export function startGateway(folder: string, backend: string, app?: string): Promise<string> {
  const file = path.join(here, '../docs/gateway/nginx.conf');
  return startNginx(folder, file, (port) => [
    ['listen 8080;', `listen 127.0.0.1:${port};`],
    ['backend:3001', new URL(backend).host],
    ['app:3000', new URL(app ?? backend).host],
    ...(app ? [] : [['auth_request /_key;', 'auth_request off;'] as const]),
  ]);
}

/** nginx that asks a Redis with as many keys as the table. */
export async function startLuaRedis(folder: string, filled: Filled): Promise<string> {
  const redisPort = await startRedis(folder, filled);
  return startNginx(folder, path.join(here, 'peers/lua-redis.conf'), (port) => [
    ['REDIS_PORT', redisPort],
    ['PORT', port],
  ]);
}

async function startNginx(
  folder: string,
  file: string,
  changes: (port: string) => (readonly [string, string])[],
): Promise<string> {
  const port = await freePort();
  const prefix = path.join(folder, `nginx-${port}`);
  mkdirSync(prefix);
  const text = changes(port).reduce(
    (text, [original, replacement]) => text.replaceAll(original, replacement),
    readFileSync(file, 'utf8'),
  );
  writeFileSync(path.join(prefix, 'nginx.conf'), text);
  const nginx = findProgram('nginx') ?? 'nginx';
  const args = ['-p', prefix, '-e', 'stderr', '-c', 'nginx.conf', '-g', 'daemon off;'];
  return startProgram(port, onServerCore(nginx, ...args));
}

/** Starts Redis, which saves nothing to disk, and returns its port. */
async function startRedis(folder: string, { secrets, keys }: Filled): Promise<string> {
  const port = await freePort();
  // `debug` is the command that makes the fillers.
  const options = { port, bind: '127.0.0.1', dir: folder, save: '', 'enable-debug-command': 'yes' };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  await startProgram(port, [findProgram('redis-server') ?? 'redis-server', ...args]);
  const commands = [
    `debug populate ${keys - secrets.length} api-key:filler`,
    ...secrets.map((secret, n) => `set api-key:${secret} user${String(n).padStart(6, '0')}`),
  ];
  const { status, stderr } = spawnSync('redis-cli', ['-p', port], {
    input: `${commands.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`Redis was not filled:\n${stderr}`);
  return port;
}
