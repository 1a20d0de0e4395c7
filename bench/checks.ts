import type { Bench } from './bench.ts';
import { type CheckLoad, comparisons } from './comparisons.ts';
import { countUses, fill } from './database.ts';
import { needGateways } from './gateways.ts';
import { type Load, measure } from './load.ts';
import { type Loads, startLoads } from './loads.ts';
import { refuseLogIns } from './log-in-times.ts';
import { whileLoggingIn } from './log-ins.ts';
import { keepResults } from './results.ts';
import { compare, type Round, spread, toMarkdown } from './rows.ts';
import { stopServers } from './servers.ts';

/** Compares checks of keys with other servers. */
export async function checks({ server, folder, isQuick }: Bench): Promise<void> {
  needGateways();
  const keys = isQuick ? 20_000 : 1_000_000;
  console.log(`Filling tables with ${keys.toLocaleString('en')} keys …`);
  const many = await fill(server, 'many', keys);
  const few = await fill(server, 'few', 1_000);
  const loads = await startLoads(folder, many, few);

  console.log('Warming up …');
  const warmUp = await measureRound(loads, 1);
  const rounds: Round<CheckLoad>[] = [];
  for (let round = 1; round <= (isQuick ? 1 : 7); round++) {
    console.log(`Round ${round} …`);
    rounds.push(await measureRound(loads, isQuick ? 1 : 3));
  }
  // A connection reports its statistics to PostgreSQL when it ends.
  await stopServers();
  const ofApp = ['verify', 'verifyWithLogIns', 'gateway', 'echo'] as const;
  // The app's statements can't be counted: those of the usual stack are on the same table.
  const { writes } = await costPerCheck('api_keys', ofApp);
  const costs = { app: { writes }, betterAuth: await costPerCheck('apikey', ['betterAuth']) };

  const rows = compare(comparisons, rounds);
  const plain = spread(rounds.map((round) => round.plain.perSecond));
  const report = `${toMarkdown(rows)}

For each check better-auth runs ${costs.betterAuth.statements.toFixed(2)} statements on its keys, and
changes ${costs.betterAuth.writes.toFixed(2)} rows; the app changes ${costs.app.writes.toFixed(4)}.
Plain node:http gave between ${whole(plain.lowest)} and ${whole(plain.highest)} answers a second.`;
  console.log(`\n${report}\n`);
  if (!isQuick) keepResults('checks', report, { rows, costs, rounds });

  async function costPerCheck(table: string, loads: readonly CheckLoad[]) {
    const requests = [warmUp, ...rounds].flatMap((round) =>
      loads.map((name) => round[name].requests),
    );
    const total = requests.reduce((sum, some) => sum + some);
    const { statements, writes } = await countUses(many.url, table);
    return { statements: statements / total, writes: writes / total };
  }
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en');
}

/** The order of the loads: the two sides of each comparison directly after each other. */
async function measureRound(loads: Loads, seconds: number): Promise<Round<CheckLoad>> {
  const run = (load: Load) => measure(load, seconds);
  return {
    express: await run(loads.express),
    plain: await run(loads.plain),
    verify: await run(loads.verify),
    verifyOfFew: await run(loads.verifyOfFew),
    usualStack: await run(loads.usualStack),
    luaRedis: await run(loads.luaRedis),
    gateway: await run(loads.gateway),
    openGateway: await run(loads.openGateway),
    verifyWithLogIns: await whileLoggingIn(loads.verify.origin, 20, () => run(loads.verify)),
    plainRefusal: await run(loads.plainRefusal),
    junk: await run(loads.junk),
    plainRefusalTogether: await run(loads.plainRefusalTogether),
    expressForEcho: await run(loads.expressForEcho),
    echo: await run(loads.echo),
    betterAuth: await run(loads.betterAuth),
    ...(await refuseLogIns(loads.verify.origin)),
  };
}
