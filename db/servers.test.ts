import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { openDatabase } from './database.ts';
import { DatabaseReadOnly, NoServerWritable, ServerOutdated } from './errors.ts';
import { openPool, withTimeouts } from './pool.ts';
import { Servers } from './servers.ts';
import { type Cluster, findPrograms, startCluster, startStandby } from './testing/postgres.ts';
import { until } from './testing/until.ts';

const skip = findPrograms() === undefined && 'PostgreSQL is not installed';

describe('a primary and its standby', { skip }, () => {
  let primary: Cluster;
  let standby: Cluster;
  /** A server of another system, listed by mistake. */
  let foreign: Cluster;
  let url: string;
  /** Two pools that have used the primary, and have connections to it. */
  let pools: pg.Pool[];
  /** A pool that has used the primary too, and has no connection. */
  let quiet: pg.Pool;
  before(async () => {
    const started = await startCluster(() => ({ cluster_name: 'primary' }));
    assert.ok(started);
    primary = started;
    // Creates the table `timelines`.
    await (await openDatabase({ url: primary.url })).destroy();
    await onServer(
      primary.url,
      `create role keys login; grant all on timelines to keys;
        grant all on schema public to keys; grant all on all tables in schema public to keys`,
    );
    standby = await startStandby(primary, 'standby');
    const another = await startCluster(() => ({ cluster_name: 'foreign' }));
    assert.ok(another);
    foreign = another;
    url = both([standby, primary, foreign]);
    const servers = new Servers(url);
    pools = [1, 2].map(() => openPool(servers, withTimeouts()));
    quiet = openPool(new Servers(url), { ...withTimeouts(), maxUses: 1 });
  });
  after(async () => {
    await Promise.all([...pools, quiet].map((pool) => pool.end()));
    await primary.stop();
    await standby.stop();
    await foreign.stop();
  });

  test('the one that accepts writes is used, wherever it stands in the URL', async (t) => {
    for (const order of [
      [primary, standby],
      [standby, primary],
    ]) {
      const pool = openPool(new Servers(both(order)), withTimeouts());
      t.after(() => pool.end());
      assert.equal(await serverOf(pool), 'primary');
    }
    for (const pool of [...pools, quiet]) assert.equal(await serverOf(pool), 'primary');
  });

  test('a write that is refused as read-only replaces the connections of all pools', async () => {
    const [one, other] = pools;
    assert.ok(one && other);
    const before = await pidOf(other);
    const refused = one.query('set transaction_read_only = on; create table none ()');
    await assert.rejects(refused, DatabaseReadOnly);
    assert.notEqual(await pidOf(other), before);
  });

  test('the end of one connection replaces those of all pools', async () => {
    const [one, other] = pools;
    assert.ok(one && other);
    const before = await pidOf(other);
    await assert.rejects(one.query('select pg_terminate_backend(pg_backend_pid())'));
    assert.notEqual(await pidOf(other), before);
  });

  test('without a server that accepts writes, the error says what is wrong with each', async () => {
    await primary.end('SIGKILL');
    // The server of another system accepts writes, but is not used.
    for (const pool of pools) {
      await assert.rejects(pool.query('select 1'), (error) => {
        assert.ok(error instanceof NoServerWritable);
        assert.match(error.message, /postgres-\w+ \(The database of DATABASE_URL is read-only/);
        assert.match(error.message, /postgres-\w+ \(connect E/);
        return true;
      });
    }
  });

  test('requests find the promoted standby, also through a pool that has not asked since', async () => {
    const [one, other] = pools;
    assert.ok(one && other);
    await onServer(standby.url, 'select pg_promote()');
    await untilStandby(one);
    assert.equal(await serverOf(other), 'standby');
  });

  test('a pool that had no connection at the time uses the promoted standby', async () => {
    assert.equal(await serverOf(quiet), 'standby');
  });

  test('the old primary is not used, although it accepts writes', async () => {
    await primary.start();
    await onServer(primary.url, 'create table written ()');
    await standby.end('SIGINT');
    for (const pool of pools) await assert.rejects(pool.query('select 1'), NoServerWritable);
    await standby.start();
    for (const pool of pools) {
      // A search that found nothing is not repeated at once.
      await untilStandby(pool);
    }
  });

  test('an instance that starts takes the promoted one, wherever it stands', async (t) => {
    for (const order of [
      [primary, standby],
      [standby, primary],
    ]) {
      const pool = openPool(new Servers(both(order)), withTimeouts());
      t.after(() => pool.end());
      assert.equal(await serverOf(pool), 'standby');
    }
  });

  test('an instance that reaches only the old primary when it starts does not use it', async () => {
    // Another instance writes the timeline to it in the background.
    await until('the old primary is refused', async () => {
      const db = await openDatabase({ url: primary.url }).catch((error) => error);
      if (db instanceof ServerOutdated) return true;
      await db.destroy();
      return false;
    });
  });

  test('at one address, too, connections to the old primary are not used any more', async (t) => {
    const servers = new Servers(primary.url);
    const pool = openPool(servers, withTimeouts());
    t.after(() => pool.end());
    assert.equal(await serverOf(pool), 'primary');
    // As if this were the next connection to the address, which has moved.
    const next = new pg.Client({ connectionString: standby.url });
    await next.connect();
    t.after(() => next.end());
    await servers.examine(next);
    await assert.rejects(pool.query('select 1'), ServerOutdated);
  });

  test('a role without special privileges can find the server', async (t) => {
    const asKeys = both([primary, standby]).replace('postgres@', 'keys@');
    const pool = openPool(new Servers(asKeys), withTimeouts());
    t.after(() => pool.end());
    assert.equal(await serverOf(pool), 'standby');
    await (await openDatabase({ url: asKeys })).destroy();
  });
});

function untilStandby(pool: pg.Pool): Promise<void> {
  const isStandby = async () => (await serverOf(pool).catch(() => undefined)) === 'standby';
  return until('the standby answers', isStandby);
}

function both(clusters: Cluster[]): string {
  return `postgres://postgres@/postgres?host=${clusters.map(({ folder }) => folder)}`;
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** Which server a pool uses. */
async function serverOf(pool: pg.Pool): Promise<string | undefined> {
  const { rows } = await pool.query<{ name: string }>(
    `select current_setting('cluster_name') as name`,
  );
  return rows[0]?.name;
}

async function pidOf(pool: pg.Pool): Promise<number | undefined> {
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid;
}
