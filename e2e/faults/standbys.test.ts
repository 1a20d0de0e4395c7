// Checks are read from standbys. A removed key never passes, except for up to 2 s when a standby is taken out
// in the wrong order, or another one is promoted.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { type Database, openDatabase } from '../../db/database.ts';
import {
  type Cluster,
  setSynchronousStandbys,
  startCluster,
  startStandby,
} from '../../db/testing/postgres.ts';
import { until } from '../../db/testing/until.ts';
import { findUser } from '../../db/users.ts';
import { createKey } from '../../server/api-keys/create.ts';
import { RunningProcess } from '../../server/testing/processes.ts';
import { commandsOf, run } from '../proxies/commands.ts';
import { bearer, check, type Owner, signInOwners } from './ledger.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

const ALL = 'FIRST 2 (db2, db3)';
const REMOVALS = 1_000;
/** How many clients remove keys at the same time. */
const REMOVERS = 15;
/** How long an instance relies on what it last found out about its standby. */
const HOLDS_MS = 2_000;

describe('checks on standbys', { skip: noCluster }, () => {
  let primary: Cluster;
  let standbys: [Cluster, Cluster];
  let db: Database;
  let client: pg.Client;
  let apps: RunningProcess[];
  /** Instances that read checks from the first standby, and from the second. */
  let first: string;
  let second: string;
  /** An instance that reads checks from the second standby, or from the primary. */
  let either: string;
  let owner: Owner;
  let ownerId: number;

  before(async () => {
    const started = await startCluster(() => ({ cluster_name: 'db1' }));
    assert.ok(started);
    primary = started;
    standbys = [await startStandby(primary, 'db2'), await startStandby(primary, 'db3')];
    client = new pg.Client({ connectionString: primary.url });
    client.on('error', () => {});
    await client.connect();
    const lines = commandsOf('scale.md')('psql "$PRIMARY_URL"');
    assert.ok(lines.includes(ALL), lines);
    await run(lines, { PRIMARY_URL: primary.url });
    db = await openDatabase({ url: primary.url });
    const folders = [primary, standbys[0]].map(({ folder }) => encodeURIComponent(folder));
    const env = { DATABASE_URL: `postgres://postgres@/postgres?host=${folders}`, SESSION_SECRET };
    const [url1, url2] = standbys.map(({ url }) => url);
    assert.ok(url1 && url2);
    apps = [
      new RunningProcess({ ...env, CHECKS_DATABASE_URL: url1 }),
      new RunningProcess({ ...env, CHECKS_DATABASE_URL: url2 }),
      new RunningProcess({ ...env, CHECKS_DATABASE_URL: url2, CHECKS_FALLBACK: 'primary' }),
    ];
    [first = '', second = '', either = ''] = await Promise.all(apps.map((app) => app.started()));
    await ready();
    const [one] = await signInOwners(db, first, ['owner']);
    const user = await findUser(db, 'owner');
    assert.ok(one && user);
    owner = one;
    ownerId = user.id;
  });
  after(async () => {
    await Promise.all(apps.map((app) => app.kill()));
    await client.end().catch(() => {});
    await db.destroy();
    for (const cluster of [primary, ...standbys]) await cluster.stop();
  });

  test('a new key passes, and a removed one is refused, from the answer on', async () => {
    const stopWriting = write();
    let left = REMOVALS;
    await Promise.all(
      Array.from({ length: REMOVERS }, async () => {
        while (left-- > 0) {
          const secret = await newKey();
          assert.equal(await check(second, secret), '204');
          assert.equal(await remove(second, secret), 204);
          assert.deepEqual(await checkOnBoth(secret), ['401 removed', '401 removed']);
        }
      }),
    );
    await stopWriting();
  });

  test('a change whose wait was cancelled is not confirmed, nor is its repetition', async () => {
    assert.equal(await owner.create(), 200);
    const [secret = ''] = owner.active.splice(-1);
    const removal = () => owner.visitor.post(`/profile/api-keys/${owner.idOf(secret)}/remove`);
    await setReplay('pause');
    const statuses: number[] = [];
    const removed = removal().then(({ status }) => statuses.push(status));
    await until('it has an answer', async () => {
      await client.query(
        `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
      );
      return statuses.length > 0;
    });
    await removed;
    statuses.push((await removal()).status);
    assert.deepEqual(statuses, [503, 503]);
    assert.equal(await check(first, secret), '401 removed');

    await setReplay('resume');
    await ready();
    assert.equal((await removal()).status, 303);
    assert.deepEqual(await checkOnBoth(secret), ['401 removed', '401 removed']);
  });

  test('without waiting for all named standbys checks are 503, or read from the primary', async () => {
    const secret = await newKey();
    for (const names of ['ANY 2 (db2, db3)', '*', 'FIRST 1 (db3, db2)', 'db2', '']) {
      await setSynchronousStandbys(primary, names);
      await until(`503 with '${names}'`, async () => (await check(second, secret)) === '503');
      assert.equal((await fetch(`${second}/readyz`)).status, 503);
      assert.equal(await check(either, secret), '204');
      assert.equal((await fetch(`${either}/readyz`)).status, 200);
      await setSynchronousStandbys(primary, ALL);
      await ready();
      assert.equal(await check(second, secret), '204');
    }
    await logged(/'ANY 2 \(db2, db3\)', not FIRST n with n names/);
  });

  test('a standby that is taken out too early passes removed keys for at most 2 s', async () => {
    const stopWriting = write();
    let { secrets, changed } = await removeBehindStandby();
    // Where the instance asked its standby meanwhile, none passes, which would prove nothing.
    await until('removed keys pass', async () => {
      if (await isPassing(secrets)) return true;
      await putBack();
      ({ secrets, changed } = await removeBehindStandby());
      return false;
    });
    let lastPass = changed;
    await until('none passes', async () => {
      const sent = performance.now();
      if (!(await isPassing(secrets))) return true;
      lastPass = sent;
      return false;
    });
    assert.ok(lastPass - changed < HOLDS_MS + 500);

    const before = apps[1]?.output.length;
    await setSynchronousStandbys(primary, ALL);
    await logged(/it has not yet applied what the primary has written/, before);
    assert.ok(!(await isPassing(secrets)));
    await putBack();
    for (const secret of secrets) assert.equal(await check(second, secret), '401 removed');
    await stopWriting();
  });

  test('the start fails without the role that may see standbys, and says which', async () => {
    await client.query('create role keys login; grant all on all tables in schema public to keys');
    const env = {
      DATABASE_URL: primary.url.replace('postgres@', 'keys@'),
      CHECKS_DATABASE_URL: standbys[1].url.replace('postgres@', 'keys@'),
      SESSION_SECRET,
    };
    const refused = new RunningProcess(env);
    const { code, output } = await refused.exit();
    assert.equal(code, 1);
    const [grant = ''] = /GRANT .* TO "\w+"/.exec(output) ?? [];
    await client.query(grant);
    const app = new RunningProcess(env);
    apps.push(app);
    await isReady(await app.started());
  });

  test('a standby that a promotion has left behind is not read', async () => {
    const secrets = await newKeys();
    await primary.end('SIGKILL');
    await until('none passes', async () => !(await isPassing(secrets)));
    const promoted = new pg.Client({ connectionString: standbys[0].url });
    await promoted.connect();
    await promoted.query('alter system reset synchronous_standby_names');
    await promoted.query('select pg_reload_conf(), pg_promote()');
    for (const secret of secrets) {
      await until('it is removed', async () => (await remove(either, secret)) === 204);
      assert.ok(!(await isPassing(secrets)));
    }
    // The old primary comes back as it was, and the other standby follows it.
    await primary.start();
    await promoted.query(`alter system set synchronous_standby_names = 'db3'`);
    await promoted.query('select pg_reload_conf()');
    await promoted.end();
    await logged(/it is on timeline 1, and the primary on 2/);
    assert.ok(!(await isPassing(secrets)));
  });

  /** Writes as fast as possible what no check reads; returns a function that stops it. */
  function write(): () => Promise<void> {
    let isStopped = false;
    const writers = [1].map(async () => {
      while (!isStopped) await sql`update users set log_in_at = clock_timestamp()`.execute(db);
    });
    return async () => {
      isStopped = true;
      await Promise.all(writers);
    };
  }

  /** Removes keys while the second standby applies nothing and the primary does not wait for it. */
  async function removeBehindStandby(): Promise<{ secrets: string[]; changed: number }> {
    const secrets = await newKeys();
    await setReplay('pause');
    await setSynchronousStandbys(primary, 'db2');
    const changed = performance.now();
    const statuses = await Promise.all(secrets.map((secret) => remove(first, secret)));
    assert.deepEqual(new Set(statuses), new Set([204]));
    return { secrets, changed };
  }

  async function putBack(): Promise<void> {
    await setSynchronousStandbys(primary, ALL);
    await setReplay('resume');
    await ready();
  }

  /** Whether any of these keys passes at the instance that reads the second standby. */
  async function isPassing(secrets: string[]): Promise<boolean> {
    const verdicts = await Promise.all(secrets.map((secret) => check(second, secret)));
    return verdicts.includes('204');
  }

  /** Pauses or resumes what the second standby applies. */
  async function setReplay(to: 'pause' | 'resume'): Promise<void> {
    const standby = new pg.Client({ connectionString: standbys[1].url });
    await standby.connect();
    await standby.query(`select pg_wal_replay_${to}()`).finally(() => standby.end());
  }

  /** Waits until the instance that reads the second standby has logged this, after so many characters. */
  async function logged(pattern: RegExp, after = 0): Promise<void> {
    const isLogged = async () => pattern.test(apps[1]?.output.slice(after) ?? '');
    await until(`it logs ${pattern}`, isLogged);
  }

  async function ready(): Promise<void> {
    for (const origin of [first, second, either]) await isReady(origin);
  }

  async function isReady(origin: string): Promise<void> {
    await until(`${origin} is ready`, async () => (await fetch(`${origin}/readyz`)).ok);
  }

  function newKeys(): Promise<string[]> {
    return Promise.all(Array.from({ length: 20 }, newKey));
  }

  async function newKey(): Promise<string> {
    const request = { label: '', lifetime: null, timeZone: 'UTC', via: 'Linode Manager' } as const;
    const from = { ip: null, userAgent: '' };
    const created = await createKey(
      db,
      { id: ownerId },
      { ...request, requestId: randomUUID() },
      from,
    );
    assert.ok(created.outcome === 'created');
    return created.secret;
  }

  async function remove(origin: string, secret: string): Promise<number> {
    const request = { method: 'DELETE', headers: bearer(secret) };
    return (await fetch(`${origin}/api/key`, request)).status;
  }

  function checkOnBoth(secret: string): Promise<string[]> {
    return Promise.all([check(first, secret), check(second, secret)]);
  }
});
