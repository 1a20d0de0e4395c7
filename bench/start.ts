// `npm run bench:start`: how long `npm start` takes until the first page, first and second time, and
// what the process weighs then and after 10,000 requests; README.md says how.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../bin/test-postgres.ts';
import { Visitor } from '../server/testing.ts';
import { makeDatabase } from './database.ts';

const ROUNDS = process.argv.includes('--quick') ? 1 : 7;
const REQUESTS = 10_000;
const PASSWORD = 'the password of a benchmark';
const root = path.resolve(import.meta.dirname, '..');

interface Start {
  seconds: number;
  megabytes: number;
}

interface Round {
  first: Start;
  second: Start;
  megabytesAfterRequests: number;
}

const postgres = await startPostgres();
if (!postgres) throw new Error('PostgreSQL is needed. Debian: apt-get install postgresql');
const rounds: Record<'embedded' | 'PostgreSQL', Round[]> = { embedded: [], PostgreSQL: [] };
try {
  for (let round = 1; round <= ROUNDS; round++) {
    console.log(`Round ${round} of ${ROUNDS} …`);
    rounds.embedded.push(await onEmbedded());
    rounds.PostgreSQL.push(await onPostgres(await makeDatabase(postgres.url, `start${round}`)));
  }
} finally {
  await postgres.stop();
}
report();

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
  const first = await start(env);
  await first.stop();
  const second = await start(env);
  await ask(second.origin);
  const megabytesAfterRequests = second.megabytes();
  await second.stop();
  return { first: first.start, second: second.start, megabytesAfterRequests };
}

/** `npm start`, until the page where one logs in is there. */
async function start(env: Record<string, string>) {
  const begin = performance.now();
  const npm = spawn('npm', ['start', '--silent'], {
    cwd: root,
    env: { ...process.env, PORT: '0', FIRST_PASSWORD: PASSWORD, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // With a group of its own, so that all of it can be stopped.
    detached: true,
  });
  const origin = await addressOf(npm);
  const { status } = await fetch(`${origin}/login`, { headers: { connection: 'close' } });
  if (status !== 200) throw new Error(`The first page was ${status}.`);
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

async function addressOf(npm: ChildProcess): Promise<string> {
  let output = '';
  for await (const text of npm.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    output += text;
    const address = /Linode Manager is at (\S+)\n/.exec(output)?.[1];
    if (!address) continue;
    // Its log goes nowhere.
    npm.stdout?.resume();
    return address;
  }
  throw new Error(`The app did not start:\n${output}`);
}

/** npm runs a shell, or not, and that runs node. */
function newestChildOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? pid : newestChildOf(Number(children.split(' ').at(-1)));
}

/** What of a process is in memory. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Checks of a key and pages, nine to one, a few at a time. */
async function ask(origin: string): Promise<void> {
  const visitor = new Visitor(origin);
  await visitor.logIn('linodedemo', PASSWORD);
  await visitor.authenticate(PASSWORD);
  const { secret = '' } = await visitor.createKey();
  const check = new Visitor(origin);
  let asked = 0;
  const askOn = async () => {
    while (asked < REQUESTS) {
      const { status } =
        ++asked % 10 === 0
          ? await visitor.get('/profile/api-keys')
          : await check.get('/auth/verify', { authorization: `Bearer ${secret}` });
      if (status !== 200 && status !== 204) throw new Error(`An answer was ${status}.`);
    }
  };
  await Promise.all(Array.from({ length: 10 }, askOn));
}

function report(): void {
  console.log('\n| `npm start` | embedded | PostgreSQL |\n| --- | --- | --- |');
  row('first page, first start', 's', (round) => round.first.seconds);
  row('first page, second start', 's', (round) => round.second.seconds);
  row('memory after a second start', 'MB', (round) => round.second.megabytes);
  row('memory after 10,000 requests', 'MB', (round) => round.megabytesAfterRequests);
}

function row(what: string, unit: string, value: (round: Round) => number): void {
  const cells = [rounds.embedded, rounds.PostgreSQL].map((all) => {
    const sorted = all.map(value).sort((a, b) => a - b);
    const [lowest, median, highest] = [0, sorted.length >> 1, sorted.length - 1].map((at) =>
      (sorted[at] ?? Number.NaN).toFixed(unit === 's' ? 2 : 0),
    );
    return `**${median} ${unit}** (${lowest} to ${highest})`;
  });
  console.log(`| ${what} | ${cells.join(' | ')} |`);
}
