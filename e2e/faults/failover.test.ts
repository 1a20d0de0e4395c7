// The primary dies under load, a synchronous standby is promoted with the commands of docs/failover.md,
// and the old primary comes back.
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import {
  type Cluster,
  startCluster,
  startStandby,
  unprivilegedUser,
} from '../../db/testing/postgres.ts';
import { until } from '../../db/testing/until.ts';
import { makeSecret } from '../../server/api-keys/secret.ts';
import { RunningProcess } from '../../server/testing/processes.ts';
import { commandsOf, run } from '../proxies/commands.ts';
import { assertComplete, assertKept, check, type Owner, signInOwners } from './ledger.ts';
import { Load } from './load.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

const BACK_WITHIN_MS = 5_000;
const ANSWERED_WITHIN_MS = 3_000;
const block = commandsOf('failover.md');
const runAsOwner = (lines: string, env: Record<string, string>) =>
  run(lines, env, unprivilegedUser());

describe('when the primary dies', { skip: noCluster }, () => {
  let first: Cluster;
  let second: Cluster;
  let url: string;
  let app: RunningProcess;
  let origin: string;
  let owners: Owner[];
  let load: Load;
  before(async () => {
    const started = await startCluster(() => ({ cluster_name: 'db1' }));
    assert.ok(started);
    first = started;
    second = await startStandby(first, 'db2');
    await synchronize(first, 'db2');
    const folders = [first, second].map(({ folder }) => encodeURIComponent(folder));
    url = `postgres://postgres@/postgres?host=${folders}&target_session_attrs=read-write`;
    app = new RunningProcess({ DATABASE_URL: url, SESSION_SECRET });
    origin = await app.started();
    const db = await openDatabase({ url });
    const names = Array.from({ length: 5 }, (_, n) => `owner${n}`);
    owners = await signInOwners(db, origin, names).finally(() => db.destroy());
    const [reader, ...writers] = owners;
    assert.ok(reader);
    for (let n = 0; n < 2; n++) assert.equal(await reader.create(), 200);
    assert.equal(await reader.remove(), 204);
    const [good = ''] = reader.active;
    const [removed = ''] = reader.removed;
    load = new Load({
      origin,
      good,
      bad: [removed, makeSecret()],
      visitor: reader.visitor,
      writers,
    });
  });
  after(async () => {
    await app.kill();
    await first.stop();
    await second.stop();
  });
  afterEach(async () => {
    await load.stop();
    assert.equal(app.child.exitCode, null, app.output);
    await assertKept(origin, owners);
    console.log(`# longest answer ${load.longest} ms`);
    assert.ok(load.longest < ANSWERED_WITHIN_MS, `an answer took ${load.longest} ms`);
  });

  test('while the standby is away no change is acknowledged, and checks of keys continue', async () => {
    await load.start();
    await second.end('SIGINT');
    const from = performance.now();
    const answers = (kind: Load['kinds'][number]) =>
      load.answersTo(kind, { from, to: performance.now() }).map(({ status }) => status);
    await until('changes are refused', async () => answers('a change').length >= 4);
    assert.deepEqual(new Set(answers('a change')), new Set([503]));
    assert.deepEqual(new Set(answers('a good key')), new Set([204]));
    assert.deepEqual(new Set(answers('a bad key')), new Set([401]));
    await second.start();
    await isBack(performance.now());
  });

  test('nothing acknowledged is lost, no removed key passes, and the promoted standby serves', async () => {
    await load.start();
    await failOver(first, second);
  });

  test('an old primary that comes back as it was is not used, although it accepts writes', async () => {
    await load.start();
    const removed = () => owners.flatMap((owner) => owner.removed);
    const before = removed().length;
    // The old primary does not know of these removals.
    await until('more keys are removed', async () => removed().length >= before + 5);
    renameSync(`${first.data}.fenced`, first.data);
    await first.start();
    // Otherwise its commits would wait for the standby that has become the primary.
    const alone = block('psql "$STANDBY_URL"').replace(/ \\\n.*pg_promote.*/, '');
    await run(alone, { STANDBY_URL: first.url });
    await run('psql "$OLD_URL" --command="create table written ()"', { OLD_URL: first.url });

    const fresh = new RunningProcess({ DATABASE_URL: url, SESSION_SECRET });
    const at = await fresh.started();
    for (const key of removed()) assert.equal(await check(at, key), '401 removed');
    await fresh.kill();
    await second.end('SIGINT');
    await load.allRefused(performance.now());
    await second.start();
    await isBack(performance.now());

    await first.end('SIGINT');
    renameSync(first.data, `${first.data}.fenced`);
  });

  test('the old primary comes back as a standby without a refused request, and can be promoted', async () => {
    await load.start();
    const from = performance.now();
    await runAsOwner(block('rm -rf'), { OLD_DATA: first.data, PRIMARY_URL: second.url });
    await first.start();
    await synchronize(second, 'db1');
    for (const kind of load.kinds) {
      const answers = load.answersTo(kind, { from, to: performance.now() });
      assert.ok(answers.length > 0, `no answer to ${kind}`);
      for (const { status } of answers) assert.notEqual(status, 503, kind);
    }
    await failOver(second, first);
  });

  test('after all failovers every key is complete', async () => {
    await assertComplete(url, owners);
  });

  /** Lets the primary wait for a standby, and waits until the standby has caught up. */
  async function synchronize(primary: Cluster, name: string): Promise<void> {
    const command = block('psql "$PRIMARY_URL"').replace("'db2'", `'${name}'`);
    await run(command, { PRIMARY_URL: primary.url });
    const state = `select sync_state from pg_stat_replication where application_name = '${name}'`;
    const lines = `psql "$PRIMARY_URL" --tuples-only --no-align --command="${state}"`;
    await until(`${name} is synchronous`, async () =>
      (await run(lines, { PRIMARY_URL: primary.url })).includes('sync'),
    );
  }

  /** Kills a primary, and promotes its standby. */
  async function failOver(primary: Cluster, standby: Cluster): Promise<void> {
    await primary.end('SIGKILL');
    await load.allRefused(performance.now());
    await runAsOwner(block('pg_ctl stop'), { OLD_DATA: primary.data });
    await run(block('psql "$STANDBY_URL"'), { STANDBY_URL: standby.url });
    await isBack(performance.now());
  }

  async function isBack(since: number): Promise<void> {
    const slowest = await load.allWork(since);
    console.log(`# back after ${slowest} ms`);
    assert.ok(slowest < BACK_WITHIN_MS, `back after ${slowest} ms`);
  }
});
