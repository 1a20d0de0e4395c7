import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../server/test-processes.ts';
import { SERVER_CORE } from './prepare.ts';

const running: ChildProcess[] = [];

/** Starts a file as a server on the server's core, and returns its origin once it listens. */
export async function startServer(file: string, env: Record<string, string>): Promise<string> {
  const port = await freePort();
  const server = spawn(
    'taskset',
    ['--cpu-list', SERVER_CORE, process.execPath, path.join(import.meta.dirname, file)],
    {
      // Its log goes nowhere.
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_ENV: 'production', PORT: port, ...env },
    },
  );
  running.push(server);
  while (!(await isListening(port))) {
    if (server.exitCode !== null) throw new Error(`${file} did not start.`);
    await sleep(50);
  }
  return `http://127.0.0.1:${port}`;
}

/** The app as it ships. */
export function startApp(databaseUrl: string): Promise<string> {
  return startServer('../server/main.ts', {
    DATABASE_URL: databaseUrl,
    SESSION_SECRET: 'a secret of the benchmarks and of nothing else',
    TRUST_PROXY: '1',
  });
}

export async function stopServers(): Promise<void> {
  for (const server of running) {
    // False where it has ended already.
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
