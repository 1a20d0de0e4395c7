import assert from 'node:assert/strict';
import { test } from 'node:test';
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
