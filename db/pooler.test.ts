import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { openKeyLookup } from './api-keys/lookup.ts';
import { atOnce, openDatabase } from './database.ts';
import { databaseProblem, isDatabaseAway, PoolerUnknown } from './errors.ts';
import type { PostgresLocation } from './location.ts';
import { statement } from './statement.ts';
import { createTestDatabase, dropTestDatabase } from './testing/databases.ts';
import { noPgBouncer, startPgBouncer } from './testing/pgbouncer.ts';
import { addKey, addUser, newKey } from './testing/rows.ts';

/** The settings of docs/scale.md for PgBouncer without DATABASE_POOLER. */
const IGNORED = {
  ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout,options',
};

const listNames = statement('list names of a test of poolers', (db) =>
  sql<{ name: string }>`select username as name from users`.compile(db),
);

describe('through PgBouncer', { skip: noPgBouncer }, () => {
  let database: string;
  const opened = new AsyncDisposableStack();
  const key = newKey();
  before(async () => {
    database = await createTestDatabase();
    const db = await openDatabase({ url: database });
    await addKey(db, await addUser(db, 'ada'), key);
    await db.destroy();
  });
  after(async () => {
    await opened.disposeAsync();
    await dropTestDatabase(database);
  });

  async function through(settings: Record<string, string>): Promise<string> {
    const { url, stop } = await startPgBouncer(database, settings);
    opened.defer(stop);
    return url;
  }

  /** Looks a key up 300 times over several connections, and returns the errors. */
  async function lookUp(location: PostgresLocation): Promise<unknown[]> {
    const db = await openDatabase(location);
    opened.defer(() => db.destroy());
    const lookups = Array.from({ length: 6 }, () => openKeyLookup(db, location));
    const errors: unknown[] = [];
    await Promise.all(
      lookups.map(async (lookup) => {
        for (let n = 0; n < 50; n++) {
          try {
            assert.equal((await lookup.find([key.digest.toString('hex')]))[0]?.prefix, key.prefix);
          } catch (error) {
            errors.push(error);
          }
        }
        await lookup.close();
      }),
    );
    return errors;
  }

  test('in transaction mode, with DATABASE_POOLER, every lookup finds its key', async () => {
    const url = await through({ pool_mode: 'transaction' });
    assert.deepEqual(await lookUp({ url, pooler: 'transaction' }), []);
  });

  test('in transaction mode, with DATABASE_POOLER, statements of pages answer, several at once too', async (t) => {
    const url = await through({ pool_mode: 'transaction' });
    const db = await openDatabase({ url, pooler: 'transaction' });
    t.after(() => db.destroy());
    const askTwice = () =>
      atOnce(db, (one) => Promise.all([listNames(one, {}), listNames(one, {})]));
    const answers = await Promise.all(Array.from({ length: 30 }, askTwice));
    assert.deepEqual(new Set(answers.flat(2).map(({ name }) => name)), new Set(['ada']));
  });

  test('in transaction mode, with DATABASE_POOLER, a transaction has its limits, and only it', async (t) => {
    const url = await through({ pool_mode: 'transaction', default_pool_size: '1' });
    const db = await openDatabase({ url, pooler: 'transaction' });
    t.after(() => db.destroy());
    const limits = sql<{ statement: string; idle: string }>`
      select current_setting('statement_timeout') as statement,
        current_setting('idle_in_transaction_session_timeout') as idle`;
    const { rows } = await db.transaction().execute((trx) => limits.execute(trx));
    assert.deepEqual(rows, [{ statement: '1200ms', idle: '10s' }]);
    assert.deepEqual((await limits.execute(db)).rows, [{ statement: '0', idle: '0' }]);
  });

  test('in transaction mode, without DATABASE_POOLER, the error of the first statement names it', async (t) => {
    const url = await through({ pool_mode: 'transaction' });
    const db = await openDatabase({ url });
    t.after(() => db.destroy());
    await assert.rejects(sql`select 1`.execute(db), (error) => {
      const problem = databaseProblem(error) ?? '';
      assert.match(problem, /unsupported startup parameter.*Set DATABASE_POOLER=transaction/);
      return true;
    });
  });

  test('in transaction mode, without DATABASE_POOLER, where parameters are ignored, each failed lookup names it', async () => {
    const url = await through({ pool_mode: 'transaction', ...IGNORED });
    const errors = await lookUp({ url });
    assert.ok(errors.length > 0);
    for (const error of errors) {
      assert.ok(error instanceof PoolerUnknown);
      assert.match(error.message, /prepared statement.*Set DATABASE_POOLER=transaction/);
      assert.ok(isDatabaseAway(error));
    }
  });

  test('in session mode, without DATABASE_POOLER, every lookup finds its key', async () => {
    const url = await through({ pool_mode: 'session', default_pool_size: '10', ...IGNORED });
    assert.deepEqual(await lookUp({ url }), []);
  });
});
