// PostgreSQL becomes unavailable in several ways, under load, and comes back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openDatabase } from '../../db/database.ts';
import { Network } from '../../db/testing/network.ts';
import { type Cluster, startCluster } from '../../db/testing/postgres.ts';
import { until } from '../../db/testing/until.ts';
import { makeSecret } from '../../server/api-keys/secret.ts';
import { RunningProcess } from '../../server/testing/processes.ts';
import {
  assertComplete,
  assertKept,
  type Owner,
  removeUnacknowledgedKeys,
  signInOwners,
} from './ledger.ts';
import { Load } from './load.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

const ANSWERED_WITHIN_MS = 3_000;
const BACK_WITHIN_MS = 2_000;
const CUTS = 50;
const MOST_MEMORY_MB = 400;

describe('while PostgreSQL is away', { skip: noCluster }, () => {
  let cluster: Cluster;
  let network: Network;
  /** One connects to the database by the socket, the other through the network. */
  let apps: { process: RunningProcess; origin: string; owners: Owner[]; load: Load }[];
  before(async () => {
    const started = await startCluster();
    assert.ok(started);
    cluster = started;
    network = new Network({ path: cluster.socket });
    const overNetwork = `postgres://postgres@127.0.0.1:${await network.open()}/postgres`;
    apps = [];
    for (const [n, url] of [cluster.url, overNetwork].entries()) {
      const process = new RunningProcess({ DATABASE_URL: url, SESSION_SECRET });
      const origin = await process.started();
      const db = await openDatabase({ url: cluster.url });
      const names = Array.from({ length: 5 }, (_, m) => `owner${n}.${m}`);
      const owners = await signInOwners(db, origin, names).finally(() => db.destroy());
      const [reader, ...writers] = owners;
      assert.ok(reader);
      for (let n = 0; n < 3; n++) assert.equal(await reader.create(), 200);
      assert.equal(await reader.remove(), 204);
      const [good = ''] = reader.active;
      const [removed = ''] = reader.removed;
      const bad = [removed, makeSecret()];
      const load = new Load({ origin, good, bad, visitor: reader.visitor, writers });
      apps.push({ process, origin, owners, load });
    }
  });
  after(async () => {
    await Promise.all(apps.map(({ process }) => process.kill()));
    network.close();
    await cluster.stop();
  });
  afterEach(async () => {
    for (const { load } of apps) await load.stop();
    await waitForLostTransactions(cluster.url);
    for (const { process, origin, owners } of apps) {
      assert.equal(process.child.exitCode, null, process.output);
      await assertKept(origin, owners);
      // Otherwise the keys would reach the limit after a few outages.
      for (const owner of owners) await removeUnacknowledgedKeys(owner);
    }
  });

  const faults: [string, () => Promise<void> | void, () => Promise<void> | void][] = [
    ['stopped', () => cluster.end('SIGINT'), () => cluster.start()],
    ['killed', () => cluster.end('SIGKILL'), () => cluster.start()],
    ['silent', () => network.fallSilent(), () => network.recover({ existingToo: true })],
    [
      'silent, and its connections lost',
      () => network.fallSilent(),
      () => network.recover({ existingToo: false }),
    ],
  ];
  for (const [what, breakIt, repairIt] of faults) {
    test(`${what}: requests get 503 in time, no key passes, and the app recovers without a restart`, async () => {
      for (const { load } of apps) await load.start();
      const affected = what.startsWith('silent') ? apps.slice(1) : apps;

      await breakIt();
      const from = performance.now();
      for (const { process, load } of affected) {
        await load.allRefused(from);
        const memory = memoryOf(process);
        assert.ok(memory < MOST_MEMORY_MB, `${memory} MB in use`);
      }

      await repairIt();
      const back = performance.now();
      for (const { load } of affected) {
        const slowest = await load.allWork(back);
        const { longest } = load;
        console.log(`# ${what}: longest answer ${longest} ms, back after ${slowest} ms`);
        assert.ok(longest < ANSWERED_WITHIN_MS, `an answer took ${longest} ms`);
        assert.ok(slowest < BACK_WITHIN_MS, `back after ${slowest} ms`);
      }
    });
  }

  test(`the app recovers at once when its connections are cut, ${CUTS} times`, async () => {
    for (const { load } of apps) await load.start();
    const client = new pg.Client({ connectionString: cluster.url });
    await client.connect();
    for (let cut = 0; cut < CUTS; cut++) {
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
      );
      await sleep(50);
    }
    await client.end();
    const back = performance.now();
    for (const { load } of apps) {
      const slowest = await load.allWork(back);
      console.log(`# cut: longest answer ${load.longest} ms, back after ${slowest} ms`);
      assert.ok(load.longest < ANSWERED_WITHIN_MS, `an answer took ${load.longest} ms`);
      assert.ok(slowest < BACK_WITHIN_MS, `back after ${slowest} ms`);
    }
  });

  test('after all outages every key is complete', async () => {
    const owners = apps.flatMap((app) => app.owners);
    await assertComplete(cluster.url, owners);
  });
});

/**
 * Waits until the transactions of lost connections have ended. PostgreSQL ends them after ten seconds; until
 * then they lock the rows that they have changed.
 */
async function waitForLostTransactions(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await until('lost transactions have ended', async () => {
    const { rows } = await client.query(
      "select from pg_stat_activity where state = 'idle in transaction'",
    );
    return rows.length === 0;
  }).finally(() => client.end());
}

/** In MB. */
function memoryOf({ child }: RunningProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
