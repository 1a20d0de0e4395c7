import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

/** The core reserved for the server under test. */
export const SERVER_CORE = '0';

const here = import.meta.dirname;

/**
 * Checks the prerequisites, installs the peers if they are missing or stale, and moves this process
 * off the server's core; PostgreSQL and the load, which it starts, stay off it too.
 */
export function prepare(): void {
  need('wrk', '-v');
  need('taskset', '--version', 'util-linux');
  if (availableParallelism() < 2)
    throw new Error('Two cores are needed: one is reserved for the server.');
  const others = `1-${availableParallelism() - 1}`;
  run('taskset', '--all-tasks', '--cpu-list', '--pid', others, String(process.pid));
  if (isStale()) run('npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error');
}

function need(program: string, argument: string, debian = program): void {
  const { error } = spawnSync(program, [argument]);
  if (error) throw new Error(`${program} is needed. Debian: apt-get install ${debian}`);
}

function run(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { cwd: here, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed:\n${stderr}`);
}

function isStale(): boolean {
  const installed = path.join(here, 'node_modules/.package-lock.json');
  const wanted = path.join(here, 'package-lock.json');
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs;
}
