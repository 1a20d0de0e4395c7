// nginx and Caddy as real processes, each with a configuration from docs/.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { unprivilegedUser } from '../../db/testing/postgres.ts';
import { findProgram } from '../../server/testing/processes.ts';

/** The folder of the documents and the configurations that they describe. */
export const DOCS = path.resolve(import.meta.dirname, '../../docs');

export interface ProxyKind {
  name: 'nginx' | 'caddy';
  start(file: string, folder: string): string[];
}

export const nginx: ProxyKind = {
  name: 'nginx',
  start: (file, folder) => ['-p', folder, '-e', 'stderr', '-c', file, '-g', 'daemon off;'],
};

export const caddy: ProxyKind = {
  name: 'caddy',
  start: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
};

interface Placing {
  /** Texts of the file and their replacements. */
  changes: (readonly [string, string])[];
  beside?: Record<string, string | Buffer>;
}

/** Why the tests of a proxy are skipped; false if it is installed. */
export function noProxy({ name }: ProxyKind): string | false {
  return findProgram(name) === undefined && `there is no ${name}: install it`;
}

export interface RunningProxy {
  origin: string;
  /** Its working folder, which also has its logs. */
  folder: string;
  /** What it has written to stderr so far. */
  output(): string;
  stop(): Promise<void>;
}

/**
 * Starts a proxy with a file of the repository after some changes.
 *
 * @param origin where it will listen.
 * @param beside other files that it needs in the same folder, by name.
 */
export async function startProxy(
  kind: ProxyKind,
  file: string,
  { origin, changes, beside = {} }: { origin: string } & Placing,
): Promise<RunningProxy> {
  const program = findProgram(kind.name);
  if (program === undefined) throw new Error(`There is no ${kind.name}.`);
  const folder = mkdtempSync(path.join(tmpdir(), `${kind.name}-`));
  const placed = path.join(folder, path.basename(file));
  writeFileSync(placed, changed(file, changes));
  for (const [name, content] of Object.entries(beside)) {
    writeFileSync(path.join(folder, name), content);
  }
  const owner = unprivilegedUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);

  const proxy = spawn(program, kind.start(placed, folder), {
    ...owner,
    cwd: folder,
    // Caddy keeps its data in the home folder.
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  proxy.stderr.setEncoding('utf8').on('data', (more: string) => {
    output += more;
  });
  const running = {
    origin,
    folder,
    output: () => output,
    async stop() {
      if (proxy.exitCode === null) {
        proxy.kill('SIGTERM');
        await once(proxy, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await answering(running.origin, () => proxy.exitCode === null);
  } catch (cause) {
    await running.stop();
    throw new Error(`${kind.name} did not start:\n${output}`, { cause });
  }
  return running;
}

function changed(file: string, changes: Placing['changes']): string {
  let text = readFileSync(file, 'utf8');
  for (const [original, replacement] of changes) {
    if (!text.includes(original)) throw new Error(`${file} has no ${original}`);
    text = text.replaceAll(original, replacement);
  }
  return text;
}

/** Resolves at the first answer of any status; rejects when the proxy stops or 20 s have passed. */
async function answering(origin: string, isRunning: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      await send(origin, '/');
      return;
    } catch (error) {
      if (!isRunning() || Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

/**
 * Sends one request on a separate connection, with path and header names exactly as given. Rejects
 * after 15 s without an answer.
 */
export async function send(
  origin: string,
  target: string,
  { method = 'GET', headers = {}, body = '' }: SendOptions = {},
): Promise<Answer> {
  const options = {
    path: target,
    method,
    headers,
    agent: false,
    signal: AbortSignal.timeout(15_000),
  };
  return new Promise((resolve, reject) => {
    const ask = origin.startsWith('https:') ? requestSecurely : request;
    const req = ask(origin, options, (res) => {
      const answer = { status: res.statusCode, headers: res.headers };
      text(res).then((body) => resolve({ ...answer, body }), reject);
    });
    req.on('error', reject).end(body);
  });
}

interface SendOptions {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
}
