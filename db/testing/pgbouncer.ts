import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { noPostgres } from './databases.ts';
import { unprivilegedUser } from './postgres.ts';

const program = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin']
  .map((folder) => path.join(folder, 'pgbouncer'))
  .find((file) => existsSync(file));

/** Why tests with PgBouncer are skipped; false if there is one. */
export const noPgBouncer =
  noPostgres || (program === undefined && 'there is no pgbouncer: install it');

interface PgBouncer {
  /** The database that was given, through PgBouncer. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer, which shares four connections to a database.
 *
 * @param settings such as `pool_mode`
 */
export async function startPgBouncer(
  database: string,
  settings: Record<string, string>,
): Promise<PgBouncer> {
  if (program === undefined) throw new Error('There is no pgbouncer.');
  const folder = mkdtempSync(path.join(tmpdir(), 'pgbouncer-'));
  const { host, port, user, database: name } = new pg.Client({ connectionString: database });
  const all = {
    listen_addr: '',
    unix_socket_dir: folder,
    auth_type: 'any',
    default_pool_size: '4',
    ...settings,
  };
  const file = path.join(folder, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `${name} = host=${host} port=${port} user=${user}`,
    '[pgbouncer]',
    ...Object.entries(all).map(([key, value]) => `${key} = ${value}`),
  ];
  writeFileSync(file, lines.join('\n'));
  // Like PostgreSQL, it refuses to run as root.
  const owner = unprivilegedUser();
  if (owner) for (const each of [folder, file]) chownSync(each, owner.uid, owner.gid);
  const child = spawn(program, [file], { ...owner, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    // Read to the end: a program whose output is not read would stop.
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('process up')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PgBouncer ended:\n${output}`)));
  });
  return {
    url: `postgres://${user}@/${name}?host=${encodeURIComponent(folder)}&port=6432`,
    async stop() {
      child.kill('SIGINT');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}
