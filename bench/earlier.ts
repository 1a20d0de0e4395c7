import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Bench } from './bench.ts';
import { fill } from './database.ts';
import { type Load, measure } from './load.ts';
import { expecting } from './loads.ts';
import { keep, verify } from './requests.ts';
import { keepResults } from './results.ts';
import { type Comparison, compare, cpu, type Round, throughput, toMarkdown } from './rows.ts';
import { startApp } from './servers.ts';

type Side = 'now' | 'earlier';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Compares checks of keys with those of an earlier commit of this repository. */
export async function earlier({ server, folder, isQuick, commit }: Bench): Promise<void> {
  if (commit === undefined) return console.log('Left out: no --commit was given.');
  const checkout = path.join(folder, 'checkout');
  git('worktree', 'add', '--detach', checkout, commit);
  try {
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(checkout, 'node_modules'));
    await compareWith(checkout);
  } finally {
    git('worktree', 'remove', '--force', checkout);
  }

  async function compareWith(checkout: string): Promise<void> {
    const keys = isQuick ? 20_000 : 1_000_000;
    const filled = await fill(server, 'now', keys);
    const filledEarlier = await fill(server, 'earlier', keys, (url) => migrate(checkout, url));
    const load = (name: Side, origin: string, secrets: string[]) =>
      expecting(204, origin, keep(folder, name, secrets.map(verify)));
    const main = path.join(checkout, 'server/main.ts');
    const loads = {
      now: await load('now', await startApp(filled.url), filled.secrets),
      earlier: await load(
        'earlier',
        await startApp(filledEarlier.url, main),
        filledEarlier.secrets,
      ),
    };
    const rounds: Round<Side>[] = [];
    for (let round = 0; round <= (isQuick ? 1 : 7); round++) {
      const measured = await measureRound(loads, isQuick ? 1 : 3);
      // The first one warms up.
      if (round > 0) rounds.push(measured);
    }
    const rows = compare(comparisons, rounds);
    const report = toMarkdown(rows);
    console.log(`\n${report}\n`);
    if (!isQuick) keepResults('earlier', report, { commit, rows, rounds });
  }
}

const comparisons: Comparison<Side>[] = [
  {
    what: '`/auth/verify`, good keys, 1,000,000 in the table, by requests',
    against: 'the earlier commit',
    ratio: throughput('now', 'earlier'),
    atLeast: 0.95,
  },
  { what: 'the same, by CPU of the server', against: 'the same', ratio: cpu('now', 'earlier') },
];

async function measureRound(loads: Record<Side, Load>, seconds: number): Promise<Round<Side>> {
  return {
    now: await measure(loads.now, seconds),
    earlier: await measure(loads.earlier, seconds),
  };
}

function git(...args: string[]): void {
  execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

function migrate(checkout: string, url: string): void {
  execFileSync(process.execPath, [path.join(checkout, 'server/cli/migrate.ts')], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
