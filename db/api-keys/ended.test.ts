import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { SWEPT_AT_ONCE } from '../sweep.ts';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, newKey } from '../testing/rows.ts';
import { sweepEndedKeys } from './ended.ts';

describeOnEachDatabase('keys that were removed or have expired', (on) => {
  let owner: number;
  beforeEach(async () => {
    owner = await addUser(on.db, randomUUID().slice(0, 32));
  });

  /** Adds a key with this label, whose row is changed this way. */
  async function add(label: string, change: string): Promise<number> {
    const id = await addKey(on.db, owner, newKey({ label }));
    await sql`update api_keys set ${sql.raw(change)} where id = ${id}`.execute(on.db);
    return id;
  }

  /** Adds so many keys that ended so many days ago, by one statement. */
  const addMany = (count: number, days: number) =>
    sql`
      insert into api_keys (user_id, label, prefix, digest, request_id, created_via, removed_at)
      select ${owner}, '', left(replace(id::text, '-', ''), 16), sha256(id::text::bytea), id, 'API',
        now() - make_interval(days => ${days})
      from (select gen_random_uuid() as id from generate_series(1, ${count})) ids`.execute(on.db);

  const labelsLeft = async () => {
    const rows = await on.db
      .selectFrom('api_keys')
      .select('label')
      .where('user_id', '=', owner)
      .orderBy('id')
      .execute();
    return rows.map(({ label }) => label);
  };

  test('are deleted 90 days after their end, and no others', async () => {
    const ago = (days: number) => `now() - make_interval(days => ${days})`;
    await add('active', 'expires_at = null');
    await add('expires later', 'expires_at = now() + make_interval(days => 100)');
    await add('removed', `removed_at = ${ago(89)}`);
    await add('expired', `expires_at = ${ago(89)}`);
    await add('removed after its expiry', `removed_at = ${ago(89)}, expires_at = ${ago(200)}`);
    await add('removed too long ago', `removed_at = ${ago(91)}`);
    await add('expired too long ago', `expires_at = ${ago(91)}`);
    await add('forgotten', `removed_at = ${ago(200)}, digest = null`);
    await sweepEndedKeys(on.db);
    assert.deepEqual(await labelsLeft(), [
      'active',
      'expires later',
      'removed',
      'expired',
      'removed after its expiry',
    ]);
  });

  test('are all deleted, however many there are, also by two sweeps at once', async () => {
    await addMany(2 * SWEPT_AT_ONCE + 1, 91);
    await add('kept', 'removed_at = now()');
    await Promise.all([sweepEndedKeys(on.db), sweepEndedKeys(on.db)]);
    assert.deepEqual(await labelsLeft(), ['kept']);
  });
});
