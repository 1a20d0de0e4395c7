import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { countKeys, listKeyPage, USUAL_QUERY } from './api-keys/pagination.ts';
import { atOnce, connectionsOf, type Database, openDatabase } from './database.ts';
import { statement, type Value } from './statement.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from './testing/databases.ts';
import { describeOnEachDatabase } from './testing/describe.ts';
import { addUser } from './testing/rows.ts';

const findUser = statement('find user of a test', (db, value: Value<{ name: string }>) =>
  db
    .selectFrom('users')
    .select('username')
    .where('username', '=', value('name'))
    .where(sql<boolean>`username = ${value('name')}`)
    .compile(),
);

describeOnEachDatabase('a statement that is built once', (on) => {
  test('runs with other values each time', async () => {
    await addUser(on.db, 'ada');
    await addUser(on.db, 'bob');
    for (const name of ['ada', 'bob', 'ada']) {
      assert.deepEqual(await findUser(on.db, { name }), [{ username: name }]);
    }
  });

  test('is part of the transaction that it is given', async () => {
    await on.db.transaction().execute(async (trx) => {
      await addUser(trx, 'carol');
      assert.equal((await findUser(trx, { name: 'carol' })).length, 1);
    });
  });

  test('has no constants but literals', async () => {
    const bad = statement('bad', (db) =>
      db.selectFrom('users').select('id').where('username', '=', 'ada').compile(),
    );
    await assert.rejects(bad(on.db, {}), /"bad" needs literals for: ada/);
  });

  test('several at once have the same results as one after the other', async () => {
    await addUser(on.db, 'dora');
    const found = await atOnce(on.db, (one) =>
      Promise.all(['dora', 'nobody', 'dora'].map((name) => findUser(one, { name }))),
    );
    assert.deepEqual(found, [[{ username: 'dora' }], [], [{ username: 'dora' }]]);
  });
});

describe('a statement on PostgreSQL', { skip: noPostgres }, () => {
  let url: string;
  let db: Database;
  before(async () => {
    url = await createTestDatabase();
    db = await openDatabase({ url });
  });
  after(async () => {
    await db.destroy();
    await dropTestDatabase(url);
  });

  const listNames = statement('list names of a test', (builder) =>
    sql<{ name: string }>`select name from pg_prepared_statements`.compile(builder),
  );

  const divideByZero = statement('divide by zero', (builder) =>
    sql<object>`select 1 / (select count(*) from users)`.compile(builder),
  );

  test('has a plan that its connection keeps under its name', async () => {
    const [, kept] = await atOnce(db, (one) =>
      Promise.all([findUser(one, { name: 'ada' }), listNames(one, {})]),
    );
    assert.ok(
      kept.some(({ name }) => name === 'find user of a test'),
      JSON.stringify(kept),
    );
  });

  test('no plan is kept for the list of keys and its counts: it would fit only an average user', async () => {
    const [, , kept] = await atOnce(db, (one) =>
      Promise.all([
        listKeyPage(one, 1, USUAL_QUERY, { side: 'after' }),
        countKeys(one, 1),
        listNames(one, {}),
      ]),
    );
    assert.deepEqual(
      kept.filter(({ name }) => /keys/.test(name)),
      [],
    );
  });

  test('atOnce refuses anything but statements, and its connection is free again after an error', async () => {
    await assert.rejects(
      atOnce(db, (one) => one.selectFrom('users').select('id').execute()),
      /atOnce takes statements only/,
    );
    await assert.rejects(
      atOnce(db, (one) => Promise.all([findUser(one, { name: 'ada' }), divideByZero(one, {})])),
      /division by zero/,
    );
    assert.equal(connectionsOf(db)?.busy, 0);
    assert.deepEqual(await findUser(db, { name: 'ada' }), []);
  });
});
