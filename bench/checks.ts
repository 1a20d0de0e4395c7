// `npm run bench`: checks of keys, compared with what else there is; README.md says how.
// `npm run bench -- --quick` shows that everything runs, and keeps no results.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../bin/test-postgres.ts';
import { countUses, fill } from './database.ts';
import { type Load, measure } from './load.ts';
import { type Loads, startLoads } from './loads.ts';
import { refuseLogIns } from './log-in-times.ts';
import { whileLoggingIn } from './log-ins.ts';
import { prepare } from './prepare.ts';
import { compare, type Round, toMarkdown } from './rows.ts';
import { stopServers } from './servers.ts';

const isQuick = process.argv.includes('--quick');
const KEYS = isQuick ? 20_000 : 1_000_000;
const ROUNDS = isQuick ? 1 : 7;
const SECONDS = isQuick ? 1 : 3;

prepare();
const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
const postgres = await startPostgres();
if (!postgres) throw new Error('PostgreSQL is needed. Debian: apt-get install postgresql');
try {
  console.log(`Filling tables with ${KEYS.toLocaleString('en')} keys …`);
  const many = await fill(postgres.url, 'many', KEYS);
  const few = await fill(postgres.url, 'few', 1_000);
  const loads = await startLoads(folder, many, few);

  console.log('Warming up …');
  const warmUp = await measureRound(loads, 1);
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    console.log(`Round ${round} of ${ROUNDS} …`);
    rounds.push(await measureRound(loads, SECONDS));
  }
  await stopServers();
  report(rounds, {
    ours: await costOfACheck('api_keys', ['verify', 'verifyWithLogIns', 'echo']),
    betterAuth: await costOfACheck('apikey', ['betterAuth']),
  });

  async function costOfACheck(table: string, loads: (keyof Round)[]): Promise<Cost> {
    const checks = [warmUp, ...rounds].flatMap((round) =>
      loads.map((name) => round[name].requests),
    );
    const total = checks.reduce((sum, requests) => sum + requests);
    const { statements, writes } = await countUses(many.url, table);
    return { statements: statements / total, writes: writes / total };
  }
} finally {
  await stopServers();
  await postgres.stop();
  rmSync(folder, { recursive: true });
}

/** Sides of one comparison one after the other, as near as may be. */
async function measureRound(loads: Loads, seconds: number): Promise<Round> {
  const run = (load: Load) => measure(load, seconds);
  return {
    express: await run(loads.express),
    plain: await run(loads.plain),
    verify: await run(loads.verify),
    verifyOfFew: await run(loads.verifyOfFew),
    verifyWithLogIns: await whileLoggingIn(loads.verify.origin, () => run(loads.verify)),
    plainRefusal: await run(loads.plainRefusal),
    junk: await run(loads.junk),
    expressForEcho: await run(loads.expressForEcho),
    echo: await run(loads.echo),
    betterAuth: await run(loads.betterAuth),
    ...(await refuseLogIns(loads.verify.origin)),
  };
}

interface Cost {
  statements: number;
  writes: number;
}

function report(rounds: Round[], costs: { ours: Cost; betterAuth: Cost }): void {
  const rows = compare(rounds);
  console.log(`\n${toMarkdown(rows)}\n`);
  console.log(
    `For each check better-auth runs ${costs.betterAuth.statements.toFixed(2)} statements on its ` +
      `keys, and changes ${costs.betterAuth.writes.toFixed(2)} rows; ` +
      `the app changes ${costs.ours.writes.toFixed(4)}.`,
  );
  if (isQuick) return;
  const file = path.join(import.meta.dirname, 'results.json');
  writeFileSync(file, `${JSON.stringify({ rows, costs, rounds }, null, 2)}\n`);
}
