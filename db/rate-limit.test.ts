import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from './database.ts';
import { recordAttempt } from './rate-limit.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from './testing/databases.ts';

test('an attempt whose transaction began before that of an earlier attempt need not wait', {
  skip: noPostgres,
}, async (t) => {
  const url = await createTestDatabase();
  t.after(() => dropTestDatabase(url));
  const db = await openDatabase({ url });
  t.after(() => db.destroy());
  const policy = { freeAttempts: 5, maxSeconds: 60 };
  await db.transaction().execute(async (early) => {
    await sql`select now()`.execute(early);
    assert.equal(await recordAttempt(db, ['address'], policy), undefined);
    assert.equal(await recordAttempt(early, ['address'], policy), undefined);
  });
});
