import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { listeningAt } from '../http/listening-at.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** As `npm start` runs it, but V8 does not optimise the embedded database: tests are too short for that. */
const APP = [
  '--liftoff-only',
  '--import',
  path.join(ROOT, 'bin/compile-cache.ts'),
  path.join(ROOT, 'server/main.ts'),
];

/** The real process, on a free port. */
export class RunningProcess {
  readonly child;
  /** What it has printed so far, its log included. */
  output = '';

  /** @param by a command with its arguments that runs the process; none: it runs directly. */
  constructor(env: Record<string, string>, by: string[] = []) {
    const [program = process.execPath, ...args] = [...by, process.execPath, ...APP];
    this.child = spawn(program, args, {
      env: { PATH: process.env.PATH, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  /** Resolves with the first group of a pattern when the process has printed something that matches. */
  async printed(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match[1] ?? '';
      assert.ok(!this.#hasEnded, this.output);
      await Promise.race([once(this.child.stdout, 'data'), once(this.child, 'exit')]);
    }
  }

  /** Resolves with the URL of the app when the process has printed it. */
  started(): Promise<string> {
    return this.printed(/Linode Manager is at (http:\S+)\n/);
  }

  get password(): string | undefined {
    return /Log in as linodedemo with the password (\S+) \(not shown again\)\n/.exec(
      this.output,
    )?.[1];
  }

  /** Kills the process, unless it has ended, and resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#hasEnded) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  get #hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async exit() {
    return { code: await this.exitCode(), output: this.output };
  }

  async exitCode(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'close');
    return this.child.exitCode;
  }
}

/** A port that nobody listens on at the moment, for a process that can't say which it took. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = new URL(listeningAt(server));
  server.close();
  await once(server, 'close');
  return port;
}

/** The file of a server's program, also in Debian's folders for these, which PATH may lack. */
export function findProgram(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => path.join(folder, name))
    .find((program) => existsSync(program));
}
