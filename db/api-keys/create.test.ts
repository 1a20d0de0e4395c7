import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, insert, newKey, removeKey } from '../testing/rows.ts';
import { isSameRequest, MAX_KEYS_VIA_API } from './create.ts';
import type { Lifetime } from './expiry.ts';

describeOnEachDatabase('new keys in the database', (on) => {
  let ada: number;
  let bob: number;
  before(async () => {
    ada = await addUser(on.db, 'ada');
    bob = await addUser(on.db, 'bob');
  });

  test('twenty requests with one id at once create one key', async () => {
    const requestId = randomUUID();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => insert(on.db, ada, newKey({ requestId }))),
    );
    assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === 'created before').length, 19);
  });

  test('two owners may use the same request id', async () => {
    const requestId = randomUUID();
    assert.equal(await insert(on.db, ada, newKey({ requestId })), 'created');
    assert.equal(await insert(on.db, bob, newKey({ requestId })), 'created');
  });

  test('a repeated request differs from one with the same id for another key', async () => {
    const key = newKey({ label: 'one', lifetime: { months: 3 }, timeZone: 'Europe/Berlin' });
    await addKey(on.db, ada, key);
    assert.equal(await isSameRequest(on.db, ada, key), true);
    assert.equal(await isSameRequest(on.db, ada, { ...key, label: 'two' }), false);
    assert.equal(await isSameRequest(on.db, ada, { ...key, lifetime: null }), false);
    assert.equal(await isSameRequest(on.db, ada, { ...key, lifetime: { days: 1 } }), false);
    assert.equal(await isSameRequest(on.db, bob, key), false);
  });

  test(`keys created at once through the API do not exceed ${MAX_KEYS_VIA_API}, each with its event`, async () => {
    const owner = await addUser(on.db, 'carol');
    for (let n = 5; n < MAX_KEYS_VIA_API; n++) {
      await insert(on.db, owner, newKey({ via: 'API' }));
    }
    // As many as there are connections: on a slow machine, more could wait too long for one.
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => insert(on.db, owner, newKey({ via: 'API' }))),
    );
    assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 5);
    assert.equal(outcomes.filter((outcome) => outcome === 'limit reached').length, 5);
    const events = await on.db
      .selectFrom('events')
      .select('key_id')
      .where('user_id', '=', owner)
      .where('kind', '=', 'key made')
      .execute();
    assert.equal(new Set(events.map((event) => event.key_id)).size, MAX_KEYS_VIA_API);
  });

  test('keys that are removed or expired do not count', async () => {
    const owner = await addUser(on.db, 'dora');
    const ids: number[] = [];
    while (ids.length < MAX_KEYS_VIA_API)
      ids.push(await addKey(on.db, owner, newKey({ via: 'API' })));
    assert.equal(await insert(on.db, owner, newKey({ via: 'API' })), 'limit reached');

    await removeKey(on.db, owner, ids[1] ?? 0, 'API');
    assert.equal(await insert(on.db, owner, newKey({ via: 'API' })), 'created');
    assert.equal(await insert(on.db, owner, newKey({ via: 'API' })), 'limit reached');
    await on.db
      .updateTable('api_keys')
      .set({ expires_at: sql<Date>`now()` })
      .where('id', '=', ids[2] ?? 0)
      .execute();
    assert.equal(await insert(on.db, owner, newKey({ via: 'API' })), 'created');
    assert.equal(await insert(on.db, owner, newKey({ via: 'API' })), 'limit reached');
  });

  test('a page creates any number of keys, however many the API has created', async () => {
    const owner = await addUser(on.db, 'emma');
    for (let n = 0; n < MAX_KEYS_VIA_API; n++) await addKey(on.db, owner);
    for (let n = 0; n < MAX_KEYS_VIA_API; n++) {
      await addKey(on.db, owner, newKey({ via: 'API' }));
    }
    assert.equal(await insert(on.db, owner, newKey({ via: 'API' })), 'limit reached');
    assert.equal(await insert(on.db, owner, newKey()), 'created');
  });

  // What the statement computes for a key that is created at a given time.
  const calendar: [string, Lifetime, string, string][] = [
    ['2014-01-31T12:00:00Z', { months: 1 }, 'UTC', '2014-02-28T12:00:00Z'],
    ['2016-01-31T12:00:00Z', { months: 1 }, 'UTC', '2016-02-29T12:00:00Z'],
    ['2014-08-31T12:00:00Z', { months: 6 }, 'UTC', '2015-02-28T12:00:00Z'],
    ['2016-02-29T12:00:00Z', { months: 12 }, 'UTC', '2017-02-28T12:00:00Z'],
    // It is already 1 February in Auckland.
    ['2014-01-31T12:00:00Z', { months: 1 }, 'Pacific/Auckland', '2014-02-28T12:00:00Z'],
    // The same wall-clock time in summer is an hour earlier in UTC.
    ['2014-01-15T11:00:00Z', { months: 6 }, 'Europe/Berlin', '2014-07-15T10:00:00Z'],
    // A zone that the database does not know (any more) counts as UTC.
    ['2014-01-31T12:00:00Z', { months: 1 }, 'Mars/Olympus', '2014-02-28T12:00:00Z'],
    ['2014-03-29T11:00:00Z', { days: 1 }, 'Europe/Berlin', '2014-03-30T10:00:00Z'],
    // An hour is an hour, also while the clocks go back.
    ['2014-10-26T00:30:00Z', { hours: 1 }, 'Europe/Berlin', '2014-10-26T01:30:00Z'],
  ];
  for (const [start, lifetime, timeZone, end] of calendar) {
    const what = JSON.stringify(lifetime);
    test(`${what} after ${start} in ${timeZone} is ${end}`, async () => {
      const key = newKey({ lifetime, timeZone });
      const id = await addKey(on.db, ada, key);
      await on.db
        .updateTable('api_keys')
        .set({ created_at: new Date(start), expires_at: new Date(end) })
        .where('id', '=', id)
        .execute();
      assert.equal(await isSameRequest(on.db, ada, key), true);
    });
  }
});
