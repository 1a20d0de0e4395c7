import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../server/testing/processes.ts';
import { SERVER_CORE } from './prepare.ts';

/** The running servers by origin. */
const running = new Map<string, ChildProcess>();

/** Starts a file as a server on the server's core, and returns its origin once it listens. */
export async function startServer(file: string, env: Record<string, string>): Promise<string> {
  const port = await freePort();
  const command = onServerCore(process.execPath, path.resolve(import.meta.dirname, file));
  return startProgram(port, command, { NODE_ENV: 'production', PORT: port, ...env });
}

export function onServerCore(...command: string[]): string[] {
  return ['taskset', '--cpu-list', SERVER_CORE, ...command];
}

/** Starts a program, and returns its origin once it listens on the port. */
export async function startProgram(
  port: string,
  [program = '', ...args]: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const server = spawn(program, args, {
    // The log is discarded.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  });
  const origin = `http://127.0.0.1:${port}`;
  running.set(origin, server);
  while (!(await isListening(port))) {
    if (server.exitCode !== null) throw new Error(`${[program, ...args].join(' ')} did not start.`);
    await sleep(50);
  }
  return origin;
}

/**
 * Starts the app as it ships.
 *
 * @param main the file that starts it
 */
export function startApp(
  databaseUrl: string,
  main = '../server/main.ts',
  env: Record<string, string> = {},
): Promise<string> {
  return startServer(main, {
    ...env,
    DATABASE_URL: databaseUrl,
    SESSION_SECRET: 'a secret of the benchmarks and of nothing else',
    TRUST_PROXY: '1',
  });
}

/** The process id of a server that was started here. */
export function pidOf(origin: string): number {
  const pid = running.get(origin)?.pid;
  if (pid === undefined) throw new Error(`There is no server at ${origin}.`);
  return pid;
}

export async function stopServers(): Promise<void> {
  for (const server of running.values()) {
    // False if it has already ended.
    if (server.kill()) await once(server, 'exit');
  }
}

function isListening(port: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
