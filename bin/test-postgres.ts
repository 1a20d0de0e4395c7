import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface TestPostgres {
  url: string;
  stop(): Promise<void>;
}

/**
 * A PostgreSQL for tests: the one that TEST_DATABASE_URL names, else a private cluster in a
 * temporary folder, that only a socket in there leads to. Undefined where none is installed.
 */
export async function startPostgres(): Promise<TestPostgres | undefined> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, stop: async () => {} };
  const programs = findPrograms();
  return programs === undefined ? undefined : startCluster(programs);
}

function findPrograms(): string | undefined {
  const onPath = (process.env.PATH ?? '').split(path.delimiter);
  // The newest first; these folders are Debian's, and not on anybody's path.
  const debian = globSync('/usr/lib/postgresql/*/bin').sort().reverse();
  return [...onPath, ...debian].find((folder) =>
    ['initdb', 'postgres'].every((program) => existsSync(path.join(folder, program))),
  );
}

async function startCluster(programs: string): Promise<TestPostgres> {
  const folder = mkdtempSync(path.join(tmpdir(), 'postgres-'));
  const owner = unprivilegedUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = path.join(folder, 'data');

  const initdb = spawnSync(
    path.join(programs, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-locale'],
    { ...owner, cwd: folder, encoding: 'utf8' },
  );
  if (initdb.status !== 0) throw new Error(`initdb failed:\n${initdb.stdout}${initdb.stderr}`);

  const settings = { listen_addresses: '', unix_socket_directories: folder, fsync: 'off' };
  const server = spawn(
    path.join(programs, 'postgres'),
    ['-D', data, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)],
    { ...owner, cwd: folder, stdio: 'ignore' },
  );
  await accepting(server, path.join(folder, '.s.PGSQL.5432'));
  return {
    url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`,
    async stop() {
      if (server.exitCode === null) {
        server.kill('SIGQUIT');
        await once(server, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL refuses to run as root; then it is somebody who owns nothing else. */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const number = (flag: string) => Number(spawnSync('id', [flag, 'nobody']).stdout);
  return { uid: number('-u'), gid: number('-g') };
}

async function accepting(server: ChildProcess, socket: string): Promise<void> {
  while (!existsSync(socket)) {
    if (server.exitCode !== null) throw new Error('The PostgreSQL for tests did not start.');
    await sleep(50);
  }
}
