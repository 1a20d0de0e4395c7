import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, newKey, removeKey } from '../testing/rows.ts';
import * as keys from './list.ts';

describeOnEachDatabase('keys in the database', (on) => {
  let ada: number;
  let bob: number;
  before(async () => {
    ada = await addUser(on.db, 'ada');
    bob = await addUser(on.db, 'bob');
  });

  const remove = (owner: number, id: number) => removeKey(on.db, owner, id, 'Linode Manager');

  test('a listed key has what the page shows, and neither secret nor digest', async () => {
    const id = await addKey(on.db, ada, newKey({ label: 'laptop' }));
    const key = (await keys.listKeys(on.db, ada)).find((listed) => listed.id === id);
    assert.ok(key);
    assert.deepEqual(Object.keys(key).sort(), [
      'createdAt',
      'createdIp',
      'createdVia',
      'expired',
      'expiresAt',
      'expiresSoon',
      'id',
      'label',
      'lastUsedAgent',
      'lastUsedAt',
      'lastUsedIp',
      'lateUseCount',
      'lateUsedAgent',
      'lateUsedAt',
      'lateUsedIp',
      'paused',
      'pausedUntil',
      'prefix',
      'readAt',
    ]);
    assert.equal(key.createdIp, '203.0.113.7');
    assert.ok(key.createdAt instanceof Date && key.createdAt <= key.readAt);
    assert.equal(typeof key.id, 'number');
  });

  test('keys are listed oldest first, and only to their owner', async () => {
    const owner = await addUser(on.db, 'carol');
    const ids = [
      await addKey(on.db, owner),
      await addKey(on.db, owner),
      await addKey(on.db, owner),
    ];
    await on.db
      .updateTable('api_keys')
      .set({ created_at: sql<Date>`now() - interval '1 day'` })
      .where('id', '=', ids[2] ?? 0)
      .execute();
    const listed = await keys.listKeys(on.db, owner);
    assert.deepEqual(
      listed.map((key) => key.id),
      [ids[2], ids[0], ids[1]],
    );
    assert.ok((await keys.listKeys(on.db, bob)).every((key) => !ids.includes(key.id)));
  });

  test('a removed key is gone from the list, and stays removed', async () => {
    const id = await addKey(on.db, ada);
    assert.equal(await remove(ada, id), 'removed');
    assert.equal(await remove(ada, id), 'removed before');
    assert.ok((await keys.listKeys(on.db, ada)).every((key) => key.id !== id));
  });

  test("another user's key can't be found or removed", async () => {
    const id = await addKey(on.db, ada);
    assert.equal(await keys.findKey(on.db, bob, id), undefined);
    assert.equal(await remove(bob, id), 'not found');
    assert.equal((await keys.findKey(on.db, ada, id))?.removed, false);
  });

  test('of twenty removals at once, one removes the key', async () => {
    const id = await addKey(on.db, ada);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => remove(ada, id)));
    assert.equal(outcomes.filter((outcome) => outcome === 'removed').length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === 'removed before').length, 19);
  });

  test('expired keys stay listed, are not active, and do not count as the only active key', async () => {
    const owner = await addUser(on.db, 'dora');
    const expired = await addKey(on.db, owner, newKey({ lifetime: { hours: 1 } }));
    const active = await addKey(on.db, owner);
    assert.deepEqual(await keys.countKeysByState(on.db, owner), { active: 2, paused: 0 });
    assert.equal((await keys.findKey(on.db, owner, active))?.isLastActive, false);

    await on.db
      .updateTable('api_keys')
      .set({ expires_at: sql<Date>`now()` })
      .where('id', '=', expired)
      .execute();
    assert.deepEqual(await keys.countKeysByState(on.db, owner), { active: 1, paused: 0 });
    assert.equal((await keys.listKeys(on.db, owner))[0]?.expired, true);
    assert.equal((await keys.findKey(on.db, owner, active))?.isLastActive, true);
    assert.equal((await keys.findKey(on.db, owner, expired))?.isLastActive, false);
  });
});
