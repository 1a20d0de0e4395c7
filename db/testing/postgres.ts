import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';

interface TestPostgres {
  url: string;
  stop(): Promise<void>;
}

export interface Cluster extends TestPostgres {
  /** The folder of its socket. */
  folder: string;
  /** The folder of its data. */
  data: string;
  /** The path of its socket. */
  socket: string;
  start(): Promise<void>;
  /** Runs a command of PostgreSQL as the user who owns the data. */
  run(program: string, args: string[]): void;
  /** Ends the server, and keeps its data. SIGINT is an orderly stop, SIGKILL a crash. */
  end(signal: NodeJS.Signals): Promise<void>;
}

const START_MS = 30_000;

/**
 * A PostgreSQL for tests: the one that TEST_DATABASE_URL names, otherwise a private cluster in a
 * temporary folder, reachable only by a socket in it. Undefined if PostgreSQL is not installed.
 */
export async function startPostgres(): Promise<TestPostgres | undefined> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, stop: async () => {} };
  return startCluster();
}

/**
 * A private cluster that a test may kill, even if TEST_DATABASE_URL is set.
 *
 * @param prepare may write files that the server needs to its folder; returns settings of the server
 */
export async function startCluster(
  prepare: (folder: string) => Record<string, string> = () => ({}),
): Promise<Cluster | undefined> {
  const programs = findPrograms();
  if (programs === undefined) return undefined;
  const cluster = clusterIn(programs, newFolder(), prepare);
  const { data } = cluster;
  const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-locale'];
  cluster.run('initdb', ['--pgdata', data, '--no-sync', ...options]);
  await cluster.start();
  return cluster;
}

/** A standby of a cluster, which follows it by the name `name`. */
export async function startStandby(primary: Cluster, name: string): Promise<Cluster> {
  const programs = findPrograms() ?? '';
  const cluster = clusterIn(programs, newFolder(), () => ({
    cluster_name: name,
    wal_retrieve_retry_interval: '100',
  }));
  const options = ['--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
  cluster.run('pg_basebackup', ['--pgdata', cluster.data, '--dbname', primary.url, ...options]);
  await cluster.start();
  return cluster;
}

/** Makes the commits of a primary wait for standbys: `synchronous_standby_names`. */
export async function setSynchronousStandbys(primary: Cluster, names: string): Promise<void> {
  const client = new pg.Client({ connectionString: primary.url });
  await client.connect();
  try {
    await client.query(`alter system set synchronous_standby_names = '${names}'`);
    await client.query('select pg_reload_conf()');
    // Otherwise the next commits may still follow the old setting, which the server reads a little later.
    while (
      names !==
      (await client.query('show synchronous_standby_names')).rows[0].synchronous_standby_names
    );
  } finally {
    await client.end();
  }
}

export function findPrograms(): string | undefined {
  const onPath = (process.env.PATH ?? '').split(path.delimiter);
  // The newest first; these are Debian's folders, which are not on the PATH.
  const debian = globSync('/usr/lib/postgresql/*/bin').sort().reverse();
  return [...onPath, ...debian].find((folder) =>
    ['initdb', 'postgres', 'pg_basebackup'].every((program) =>
      existsSync(path.join(folder, program)),
    ),
  );
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'postgres-'));
  const owner = unprivilegedUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

function clusterIn(
  programs: string,
  folder: string,
  prepare: (folder: string) => Record<string, string>,
): Cluster {
  const owner = unprivilegedUser();
  const data = path.join(folder, 'data');
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: 'off',
    ...prepare(folder),
  };
  if (owner) {
    for (const file of readdirSync(folder)) {
      chownSync(path.join(folder, file), owner.uid, owner.gid);
    }
  }
  let server: ChildProcess | undefined;
  return {
    url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`,
    folder,
    data,
    socket: path.join(folder, '.s.PGSQL.5432'),
    run(program, args) {
      const { status, stdout, stderr, error } = spawnSync(path.join(programs, program), args, {
        ...owner,
        cwd: folder,
        encoding: 'utf8',
      });
      if (status !== 0) throw error ?? new Error(`${program} failed:\n${stdout}${stderr}`);
    },
    async start() {
      const deadline = Date.now() + START_MS;
      while (!server) {
        const started = spawn(
          path.join(programs, 'postgres'),
          ['-D', data, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)],
          { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
        );
        if (await isAccepting(started)) server = started;
        // After a kill, the remaining processes of the last server take a moment to end.
        else if (Date.now() > deadline) throw new Error('The PostgreSQL for tests did not start.');
      }
    },
    end,
    async stop() {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server?.exitCode === null && server.signalCode === null) {
      server.kill(signal);
      await once(server, 'exit');
    }
    server = undefined;
  }
}

/** PostgreSQL refuses to run as root, so root runs it as a user who owns nothing else. */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const number = (flag: string) => Number(spawnSync('id', [flag, 'nobody']).stdout);
  return { uid: number('-u'), gid: number('-g') };
}

async function isAccepting(server: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('exit', () => resolve(false));
    // Read to the end: a server whose output is not read would stop.
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (/ready to accept (read-only )?connections/.test(text)) resolve(true);
    });
  });
}
