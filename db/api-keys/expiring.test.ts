import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser } from '../testing/rows.ts';
import { listExpiringKeys } from './expiring.ts';

describeOnEachDatabase('warnings about keys that expire soon', (on) => {
  test('name keys that are in use, those that expire first, three at most', async () => {
    const owner = await addUser(on.db, 'ada');
    const add = async (expires: number, used: number | null, changes = sql`removed_at = null`) => {
      const id = await addKey(on.db, owner);
      await sql`
        update api_keys set created_at = now() - interval '100 days',
          expires_at = now() + make_interval(days => ${expires}::int),
          last_used_at = now() - make_interval(days => ${used}::int), ${changes}
        where id = ${id}`.execute(on.db);
      return id;
    };
    const later = await add(9, 29);
    const first = await add(2, 1);
    await add(3, null);
    await add(3, 31);
    await add(15, 1);
    await add(3, 1, sql`removed_at = now()`);
    const replaced = await add(3, 1, sql`replaced_at = now()`);
    const successor = await add(30, 1, sql`replaces_id = ${replaced}`);
    await add(3, 1, sql`paused_until = 'infinity'`);
    const listed = await listExpiringKeys(on.db, owner);
    assert.deepEqual(
      listed.keys.map(({ id }) => id),
      [first, later],
    );
    assert.equal(listed.hasMore, false);

    const [third, fourth] = [await add(10, 1), await add(11, 1)];
    const more = await listExpiringKeys(on.db, owner);
    assert.deepEqual(
      more.keys.map(({ id }) => id),
      [first, later, third],
    );
    assert.equal(more.hasMore, true);
    assert.ok(fourth);

    // Once its successor is removed, the old key is named again, even if its lifetime is short.
    await sql`update api_keys set removed_at = now() where id = ${successor}`.execute(on.db);
    await sql`update api_keys set created_at = now() - interval '1 day', expires_at = now() + interval '1 day'
      where id = ${replaced}`.execute(on.db);
    assert.equal((await listExpiringKeys(on.db, owner)).keys[0]?.id, replaced);
  });
});
