import { removeKeys } from '../db/api-keys/remove.ts';
import { openDatabase } from '../db/database.ts';
import {
  type Cluster,
  setSynchronousStandbys,
  startCluster,
  startStandby,
} from '../db/testing/postgres.ts';
import { addKey, addUser, client } from '../db/testing/rows.ts';
import type { Bench } from './bench.ts';
import { findPostgres } from './cpu.ts';
import { fill } from './database.ts';
import { expecting } from './loads.ts';
import { keep, verify } from './requests.ts';
import { keepResults } from './results.ts';
import { median } from './rows.ts';
import { pidOf, startApp } from './servers.ts';
import { measureTogether } from './together.ts';

/** Values of `synchronous_standby_names`: a commit waits for no, one, or two standbys. */
const NAMES = ['', 'db2', 'FIRST 2 (db2, db3)'];

/** With each of these values, in each round. */
const REMOVALS = 50;

export interface Row {
  what: string;
  instances: number;
  perSecond: number;
  /** Microseconds of CPU for each check. */
  app: number;
  primary: number;
  standbys: number;
}

/**
 * Measures checks by one instance that reads the primary and by two that read a standby each, and how long
 * a removal takes with standbys. It starts its own PostgreSQL servers, which do not wait for their disks.
 */
export async function standbys({ folder, isQuick }: Bench): Promise<void> {
  const primary = await startCluster();
  if (!primary) throw new Error('PostgreSQL is needed.');
  const followers: Cluster[] = [];
  try {
    const { url, secrets } = await fill(primary.url, 'standbys', isQuick ? 20_000 : 1_000_000);
    for (const name of ['db2', 'db3']) followers.push(await startStandby(primary, name));
    const removals = await measureRemovals(primary, url, isQuick ? 1 : 20);

    const servers = [primary, ...followers];
    const [ofPrimary = 0, ...ofStandbys] = await Promise.all(
      servers.map((server) => findPostgres(server.url)),
    );
    const requests = keep(folder, 'checks', secrets.map(verify));
    const startReader = async (env = {}) => {
      const origin = await startApp(url, undefined, env);
      return expecting(204, origin, requests);
    };
    const atPrimary = [await startReader()];
    const atStandbys = [];
    for (const follower of followers) {
      const CHECKS_DATABASE_URL = new URL(follower.url);
      CHECKS_DATABASE_URL.pathname = new URL(url).pathname;
      atStandbys.push(await startReader({ CHECKS_DATABASE_URL: CHECKS_DATABASE_URL.href }));
    }
    const rows: Row[] = [];
    for (const [what, loads] of [
      ['the primary', atPrimary],
      ['a standby each', atStandbys],
    ] as const) {
      const processes = [loads.map(({ origin }) => pidOf(origin)), [ofPrimary], ofStandbys];
      const outcomes = [];
      for (let round = 0; round <= (isQuick ? 1 : 7); round++) {
        outcomes.push(await measureTogether([...loads], isQuick ? 1 : 3, processes));
      }
      // The first round warms up.
      const kept = outcomes.slice(1);
      const cost = (group: number) => median(kept.map((one) => one.microseconds[group] ?? 0));
      rows.push({
        ...{ what, instances: loads.length, perSecond: median(kept.map((one) => one.perSecond)) },
        ...{ app: cost(0), primary: cost(1), standbys: cost(2) },
      });
    }
    const report = toMarkdown(rows, removals);
    console.log(`\n${report}\n`);
    if (!isQuick) keepResults('standbys', report, { rows, removals });
  } finally {
    for (const server of [...followers, primary]) await server.stop();
  }
}

interface Removal {
  /** The setting `synchronous_standby_names`. */
  names: string;
  /** The median time. */
  ms: number;
}

async function measureRemovals(primary: Cluster, url: string, rounds: number): Promise<Removal[]> {
  const db = await openDatabase({ url });
  const owner = await addUser(db, 'remover');
  const times = NAMES.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [n, names] of NAMES.entries()) {
      await setSynchronousStandbys(primary, names);
      for (let removal = 0; removal < REMOVALS; removal++) {
        const id = await addKey(db, owner);
        const begun = performance.now();
        await removeKeys(db, owner, [id], 'API', client);
        times[n]?.push(performance.now() - begun);
      }
    }
  }
  await db.destroy();
  return NAMES.map((names, n) => ({ names, ms: median(times[n] ?? []) }));
}

function toMarkdown(rows: Row[], removals: Removal[]): string {
  const lines = rows.map(({ what, instances, perSecond, app, primary, standbys: ofStandbys }) => {
    const numbers = [instances, ...[perSecond, app, primary, ofStandbys].map(Math.round)];
    return `| ${what} | ${numbers.map((number) => number.toLocaleString('en')).join(' | ')} |`;
  });
  return [
    '| checks read from | instances | per second | µs of the app | µs of the primary | µs of the standbys |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    '| a commit waits for | no standby | one standby | two standbys |',
    '| --- | --- | --- | --- |',
    `| a removal takes | ${removals.map(({ ms }) => `${ms.toFixed(1)} ms`).join(' | ')} |`,
  ].join('\n');
}
