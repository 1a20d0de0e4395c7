import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { DatabaseReadOnly } from './errors.ts';
import { openPool, withTimeouts } from './pool.ts';
import { Servers } from './servers.ts';
import {
  addressOf,
  createTestDatabase,
  dropTestDatabase,
  noPostgres,
  setReadOnly,
} from './testing/databases.ts';
import { Network } from './testing/network.ts';

describe('the pool', { skip: noPostgres }, () => {
  let url: string;
  before(async () => {
    url = await createTestDatabase();
  });
  after(() => dropTestDatabase(url));

  test('no connection is opened to a read-only database, until it is writable again', async (t) => {
    const pool = openPool(new Servers(url), withTimeouts());
    t.after(() => pool.end());
    await setReadOnly(url, true);
    await assert.rejects(pool.query('select 1'), DatabaseReadOnly);
    await assert.rejects(pool.connect(), DatabaseReadOnly);
    await setReadOnly(url, false);
    assert.equal((await pool.query('select 1')).rowCount, 1);
  });

  test('a connection whose server becomes read-only is not used for another statement', async (t) => {
    const pool = openPool(new Servers(url), { ...withTimeouts(), max: 1 });
    t.after(() => pool.end());
    const client = await pool.connect();
    // As a reload of the server's settings does to an open connection.
    await assert.rejects(client.query('set default_transaction_read_only = on'), DatabaseReadOnly);
    await assert.rejects(client.query('select 1'));
    client.release();
    assert.equal((await pool.query('select 1')).rowCount, 1);
  });

  test('one dead connection costs one request, not one request each', async (t) => {
    const network = new Network(addressOf(url));
    t.after(() => network.close());
    const through = new URL(url);
    through.searchParams.set('host', '127.0.0.1');
    through.searchParams.set('port', String(await network.open()));
    const pool = openPool(new Servers(through.href), { ...withTimeouts(), max: 5 });
    t.after(() => pool.end());
    await fill(pool);

    network.fallSilent();
    network.recover({ existingToo: false });
    await assert.rejects(pool.query('select 1'), /Query read timeout/);
    await fill(pool);
  });
});

/** Uses as many connections at once as the pool has. */
async function fill(pool: pg.Pool): Promise<void> {
  await Promise.all(Array.from({ length: 5 }, () => pool.query('select pg_sleep(0.05)')));
}
