import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { type Database, openDatabase } from './database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from './testing/databases.ts';

test('when several processes open an empty database at once, each migration runs once', {
  skip: noPostgres,
}, async (t) => {
  const url = await createTestDatabase();
  t.after(() => dropTestDatabase(url));
  const opened: Database[] = [];
  t.after(() => Promise.all(opened.map((db) => db.destroy())));
  const open = async () => opened.push(await openDatabase({ url }));
  await Promise.all(Array.from({ length: 8 }, open));
  for (const db of opened) {
    assert.deepEqual(await db.selectFrom('users').select('id').execute(), []);
  }
});

test('a statement timeout that is set for the database does not end a migration', {
  skip: noPostgres,
}, async (t) => {
  const url = await createTestDatabase();
  t.after(() => dropTestDatabase(url));
  const db = await openDatabase({ url });
  t.after(() => db.destroy());
  const name = new URL(url).pathname.slice(1);
  await sql`alter database ${sql.id(name)} set statement_timeout = '100ms'`.execute(db);
  const { opening } = await db.transaction().execute(async (trx) => {
    await sql`lock table kysely_migration`.execute(trx);
    const opening = openDatabase({ url });
    await sql`select pg_sleep(0.5)`.execute(trx);
    return { opening };
  });
  await (await opening).destroy();
});
