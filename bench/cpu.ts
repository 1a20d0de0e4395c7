import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';

/** The CPU time of a process and its children so far, ended ones included, in seconds. Linux only. */
export function cpuOf(pid: number): number {
  const own = readStat(pid);
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat?.parent === pid);
  return [own, ...children].reduce((sum, stat) => sum + (stat?.seconds ?? 0), 0);
}

/** The process id of a PostgreSQL server on this machine, the parent of all its connections. */
export async function findPostgres(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  const server = readStat(rows[0].pid)?.parent;
  await client.end();
  if (server === undefined) throw new Error('PostgreSQL must run on this machine.');
  return server;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']));

/** From the fields that proc(5) describes; undefined if the process has just ended. */
function readStat(pid: number): { parent: number; seconds: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const [parent = 0] = fields.slice(1).map(Number);
    // utime, stime, and those of children that have ended.
    const ticks = fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0);
    return { parent, seconds: ticks / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}
