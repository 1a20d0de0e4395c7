import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import * as keys from './api-keys.ts';
import { describeOnEachDatabase } from './testing.ts';
import { findUser, insertUser } from './users.ts';

describeOnEachDatabase('keys in the database', (on) => {
  let ada: number;
  let bob: number;
  let serial = 0;
  before(async () => {
    ada = await newUser('ada');
    bob = await newUser('bob');
  });

  async function newUser(username: string): Promise<number> {
    await insertUser(on.db, { username, passwordDigest: '' });
    const user = await findUser(on.db, username);
    assert.ok(user);
    return user.id;
  }

  function newKey(changes: Partial<keys.NewKey> = {}): keys.NewKey {
    serial++;
    return {
      label: 'a label',
      prefix: String(serial).padStart(16, '0'),
      digest: createHash('sha256').update(String(serial)).digest(),
      lifetime: null,
      timeZone: 'UTC',
      requestId: randomUUID(),
      ip: '203.0.113.7',
      via: 'Linode Manager',
      ...changes,
    };
  }

  const insert = (owner: number, key: keys.NewKey) =>
    on.db.transaction().execute((trx) => keys.insertKey(trx, owner, key));
  const remove = (owner: number, id: number) =>
    on.db.transaction().execute((trx) => keys.removeKey(trx, owner, id));

  async function inserted(owner: number, key = newKey()): Promise<number> {
    const id = await insert(owner, key);
    assert.ok(id);
    return id;
  }

  test('a listed key has what the page shows and nothing that gives it away', async () => {
    const id = await inserted(ada, newKey({ label: 'laptop' }));
    const key = (await keys.listKeys(on.db, ada)).find((listed) => listed.id === id);
    assert.ok(key);
    assert.deepEqual(Object.keys(key).sort(), [
      'createdAt',
      'createdIp',
      'createdVia',
      'expired',
      'expiresAt',
      'id',
      'label',
      'prefix',
      'readAt',
    ]);
    assert.equal(key.createdIp, '203.0.113.7');
    assert.ok(key.createdAt instanceof Date && key.createdAt <= key.readAt);
    assert.equal(typeof key.id, 'number');
  });

  test('keys are listed oldest first, and only to their owner', async () => {
    const owner = await newUser('carol');
    const ids = [await inserted(owner), await inserted(owner), await inserted(owner)];
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

  test('twenty requests with one id at once make one key', async () => {
    const requestId = randomUUID();
    const made = await Promise.all(
      Array.from({ length: 20 }, () => insert(ada, newKey({ requestId }))),
    );
    assert.equal(made.filter((id) => id !== undefined).length, 1);
  });

  test('two owners may use the same request id', async () => {
    const requestId = randomUUID();
    assert.ok(await insert(ada, newKey({ requestId })));
    assert.ok(await insert(bob, newKey({ requestId })));
  });

  test('a repeated request is told from one that asks for something else', async () => {
    const key = newKey({ label: 'one', lifetime: { months: 3 }, timeZone: 'Europe/Berlin' });
    await inserted(ada, key);
    assert.equal(await keys.isSameRequest(on.db, ada, key), true);
    assert.equal(await keys.isSameRequest(on.db, ada, { ...key, label: 'two' }), false);
    assert.equal(await keys.isSameRequest(on.db, ada, { ...key, lifetime: null }), false);
    assert.equal(await keys.isSameRequest(on.db, ada, { ...key, lifetime: { days: 1 } }), false);
    assert.equal(await keys.isSameRequest(on.db, bob, key), false);
  });

  test('a removed key is gone from the list, and stays removed', async () => {
    const id = await inserted(ada);
    assert.equal(await remove(ada, id), 'removed');
    assert.equal(await remove(ada, id), 'removed before');
    assert.ok((await keys.listKeys(on.db, ada)).every((key) => key.id !== id));
  });

  test("another user's key can't be found or removed", async () => {
    const id = await inserted(ada);
    assert.equal(await keys.findKey(on.db, bob, id), undefined);
    assert.equal(await remove(bob, id), 'not found');
    assert.equal((await keys.findKey(on.db, ada, id))?.removed, false);
  });

  test('of twenty removals at once one removes', async () => {
    const id = await inserted(ada);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => remove(ada, id)));
    assert.equal(outcomes.filter((outcome) => outcome === 'removed').length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === 'removed before').length, 19);
  });

  test('expired keys stay listed, are no longer active, and are not the last way in', async () => {
    const owner = await newUser('dora');
    const expired = await inserted(owner, newKey({ lifetime: { hours: 1 } }));
    const active = await inserted(owner);
    assert.equal(await keys.countActiveKeys(on.db, owner), 2);
    assert.equal((await keys.findKey(on.db, owner, active))?.isLastActive, false);

    await on.db
      .updateTable('api_keys')
      .set({ expires_at: sql<Date>`now()` })
      .where('id', '=', expired)
      .execute();
    assert.equal(await keys.countActiveKeys(on.db, owner), 1);
    assert.equal((await keys.listKeys(on.db, owner))[0]?.expired, true);
    assert.equal((await keys.findKey(on.db, owner, active))?.isLastActive, true);
    assert.equal((await keys.findKey(on.db, owner, expired))?.isLastActive, false);
  });

  // What the statement computes for a key that is made at a given moment.
  const calendar: [string, keys.Lifetime, string, string][] = [
    ['2014-01-31T12:00:00Z', { months: 1 }, 'UTC', '2014-02-28T12:00:00Z'],
    ['2016-01-31T12:00:00Z', { months: 1 }, 'UTC', '2016-02-29T12:00:00Z'],
    ['2014-08-31T12:00:00Z', { months: 6 }, 'UTC', '2015-02-28T12:00:00Z'],
    ['2016-02-29T12:00:00Z', { months: 12 }, 'UTC', '2017-02-28T12:00:00Z'],
    // It is already 1 February in Auckland.
    ['2014-01-31T12:00:00Z', { months: 1 }, 'Pacific/Auckland', '2014-02-28T12:00:00Z'],
    // The same wall-clock time in summer is an hour earlier in UTC.
    ['2014-01-15T11:00:00Z', { months: 6 }, 'Europe/Berlin', '2014-07-15T10:00:00Z'],
    ['2014-03-29T11:00:00Z', { days: 1 }, 'Europe/Berlin', '2014-03-30T10:00:00Z'],
    // An hour is an hour, also while the clocks go back.
    ['2014-10-26T00:30:00Z', { hours: 1 }, 'Europe/Berlin', '2014-10-26T01:30:00Z'],
  ];
  for (const [start, lifetime, timeZone, end] of calendar) {
    const what = JSON.stringify(lifetime);
    test(`${what} after ${start} in ${timeZone} is ${end}`, async () => {
      const key = newKey({ lifetime, timeZone });
      const id = await inserted(ada, key);
      await on.db
        .updateTable('api_keys')
        .set({ created_at: new Date(start), expires_at: new Date(end) })
        .where('id', '=', id)
        .execute();
      assert.equal(await keys.isSameRequest(on.db, ada, key), true);
    });
  }
});
