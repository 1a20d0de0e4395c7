import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { Visitor } from '../server/testing/visitor.ts';
import type { Bench } from './bench.ts';
import { makeDatabase } from './database.ts';
import { keepResults } from './results.ts';
import { spread } from './rows.ts';

const REQUESTS = 10_000;
const PASSWORD = 'the password of a benchmark';
const ALL_CORES = `0-${cpus().length - 1}`;
const root = path.resolve(import.meta.dirname, '..');

interface Start {
  seconds: number;
  megabytes: number;
}

export interface Round {
  first: Start;
  second: Start;
  megabytesAfterRequests: number;
}

export type Rounds = Record<'embedded' | 'PostgreSQL', Round[]>;

/**
 * Measures the time of a first and a second `npm start` until the first page, and the memory of the
 * process then and after 10,000 requests.
 */
export async function start({ server, isQuick }: Bench): Promise<void> {
  const rounds: Rounds = { embedded: [], PostgreSQL: [] };
  for (let round = 1; round <= (isQuick ? 1 : 7); round++) {
    console.log(`Round ${round} …`);
    rounds.embedded.push(await onEmbedded());
    rounds.PostgreSQL.push(await onPostgres(await makeDatabase(server, `start${round}`)));
  }
  const report = toMarkdown(rounds);
  console.log(`\n${report}\n`);
  if (!isQuick) keepResults('start', report, { rounds });
}

async function onEmbedded(): Promise<Round> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-start-'));
  try {
    return await measureStarts({ DATA_DIR: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function onPostgres(url: string): Promise<Round> {
  return measureStarts({ DATABASE_URL: url, SESSION_SECRET: 's'.repeat(32) });
}

async function measureStarts(env: Record<string, string>): Promise<Round> {
  const first = await startOnce(env);
  await first.stop();
  const second = await startOnce(env);
  await sendAll(second.origin);
  const megabytesAfterRequests = second.megabytes();
  await second.stop();
  return { first: first.start, second: second.start, megabytesAfterRequests };
}

/** Runs `npm start` until the log-in page is answered. */
async function startOnce(env: Record<string, string>) {
  const begin = performance.now();
  // On all cores, although this process does not use one of them.
  const npm = spawn('taskset', ['--cpu-list', ALL_CORES, 'npm', 'start', '--silent'], {
    cwd: root,
    env: { ...process.env, PORT: '0', FIRST_PASSWORD: PASSWORD, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // In a separate process group, so that all of it can be stopped.
    detached: true,
  });
  const origin = await originOf(npm);
  const { status } = await fetch(`${origin}/login`, { headers: { connection: 'close' } });
  if (status !== 200) throw new Error(`The first page was answered with ${status}.`);
  const seconds = (performance.now() - begin) / 1000;
  const pid = newestChildOf(npm.pid ?? 0);
  const megabytes = () => memoryOf(pid);
  return {
    origin,
    megabytes,
    start: { seconds, megabytes: megabytes() },
    async stop() {
      process.kill(-(npm.pid ?? 0), 'SIGTERM');
      await once(npm, 'close');
    },
  };
}

function originOf(npm: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let output = '';
  let origin: string | undefined;
  // The log that follows is read and discarded: with a full pipe the app would stop.
  npm.stdout?.on('data', (text) => {
    if (origin) return;
    output += text;
    origin = /Linode Manager is at (\S+)\n/.exec(output)?.[1];
    if (origin) resolve(origin);
  });
  npm.once('close', () => reject(new Error(`The app did not start:\n${output}`)));
  return promise;
}

/** The process of node: npm may start it through a shell. */
function newestChildOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? pid : newestChildOf(Number(children.split(' ').at(-1)));
}

/** The resident memory of a process, in MB. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Sends checks of a key and views of the tab, nine to one, ten at a time. */
async function sendAll(origin: string): Promise<void> {
  const visitor = new Visitor(origin);
  await visitor.logIn('linodedemo', PASSWORD);
  await visitor.authenticate(PASSWORD);
  const { secret } = await visitor.createKey();
  const check = new Visitor(origin);
  let sent = 0;
  const sendRequests = async () => {
    while (sent < REQUESTS) {
      const { status } =
        ++sent % 10 === 0
          ? await visitor.get('/profile/api-keys')
          : await check.get('/auth/verify', { authorization: `Bearer ${secret}` });
      if (status !== 200 && status !== 204)
        throw new Error(`A request was answered with ${status}.`);
    }
  };
  await Promise.all(Array.from({ length: 10 }, sendRequests));
}

function toMarkdown(rounds: Rounds): string {
  const rows: [string, string, (round: Round) => number][] = [
    ['first page, first start', 's', (round) => round.first.seconds],
    ['first page, second start', 's', (round) => round.second.seconds],
    ['memory after a first start', 'MB', (round) => round.first.megabytes],
    ['memory after a second start', 'MB', (round) => round.second.megabytes],
    ['memory after 10,000 requests', 'MB', (round) => round.megabytesAfterRequests],
  ];
  const lines = rows.map(([what, unit, value]) => {
    const cells = [rounds.embedded, rounds.PostgreSQL].map((all) => {
      const { lowest, median, highest } = spread(all.map(value));
      const [low, middle, high] = [lowest, median, highest].map((number) =>
        number.toFixed(unit === 's' ? 2 : 0),
      );
      return `**${middle} ${unit}** (${low} to ${high})`;
    });
    return `| ${what} | ${cells.join(' | ')} |`;
  });
  return ['| `npm start` | embedded | PostgreSQL |', '| --- | --- | --- |', ...lines].join('\n');
}
