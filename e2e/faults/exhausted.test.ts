// All connections of the pool are busy.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../../db/database.ts';
import { type Cluster, startCluster } from '../../db/testing/postgres.ts';
import { until } from '../../db/testing/until.ts';
import { RunningProcess } from '../../server/testing/processes.ts';
import { assertComplete, assertKept, check, type Owner, signInOwners } from './ledger.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

/** More than the pool has connections. */
const AT_ONCE = 15;

describe('an exhausted pool', { skip: noCluster }, () => {
  let cluster: Cluster;
  let app: RunningProcess;
  let origin: string;
  let owners: Owner[];
  before(async () => {
    const started = await startCluster();
    assert.ok(started);
    cluster = started;
    app = new RunningProcess({ DATABASE_URL: cluster.url, SESSION_SECRET });
    origin = await app.started();
    const db = await openDatabase({ url: cluster.url });
    owners = await signInOwners(db, origin, ['busy', 'idle']).finally(() => db.destroy());
    for (const owner of owners) assert.equal(await owner.create(), 200);
  });
  after(async () => {
    await app.kill();
    await cluster.stop();
  });

  test('answers pages with 503, does not affect checks, and loses nothing', async () => {
    const [busy, idle] = owners;
    assert.ok(busy && idle);
    const [secret = ''] = busy.active;
    const client = new pg.Client({ connectionString: cluster.url });
    await client.connect();
    await client.query("begin; select from users where username = 'busy' for update");

    let isOver = false;
    const creations = Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const status = await busy.create();
        assert.equal(status, 503);
      }),
    ).finally(() => {
      isOver = true;
    });
    creations.catch(() => {});
    await until('all connections are waiting for the row', async () => {
      const { rows } = await client.query('select distinct pid from pg_locks where not granted');
      return rows.length === 10;
    });
    while (!isOver) {
      const checked = check(origin, secret);
      const page = await idle.visitor.get('/profile/api-keys');
      assert.ok([200, 503].includes(page.status), `a page was answered ${page.status}`);
      if (page.status === 503) assert.match(page.body, /The database does not answer/);
      assert.equal(await checked, '204');
    }
    await creations;
    await client.query('rollback');
    await client.end();

    await until('pages are back', async () => {
      return (await idle.visitor.get('/profile/api-keys')).status === 200;
    });
    assert.equal(app.child.exitCode, null);
    await assertKept(origin, owners);
    await assertComplete(cluster.url, owners);
  });
});
