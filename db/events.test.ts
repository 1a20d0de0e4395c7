import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { listActivity } from './activity.ts';
import { recordRateLimited, sweepEvents } from './events.ts';
import { SWEPT_AT_ONCE } from './sweep.ts';
import { describeOnEachDatabase } from './testing/describe.ts';
import { addUser, client } from './testing/rows.ts';

const HOME = '203.0.113.7/32';
const OFFICE = '2001:db8:1:2::/64';

describeOnEachDatabase('events', (on) => {
  let username: string;
  let userId: number;
  beforeEach(async () => {
    username = `user-${randomUUID()}`.slice(0, 32);
    userId = await addUser(on.db, username);
  });

  const list = async (id = userId) => (await listActivity(on.db, id, { length: 10 })).rows;
  const details = async () => (await list()).map((event) => event.details).reverse();
  const refuse = (network: string | undefined, name = username) =>
    recordRateLimited(on.db, name, network, client);

  test('attempts that the rate limit refuses are one event for each user, network and hour', async () => {
    for (const network of [HOME, OFFICE, HOME, undefined, undefined]) await refuse(network);
    await refuse(HOME, username.toUpperCase());
    assert.deepEqual(await details(), [
      { count: 3, network: HOME },
      { count: 1, network: OFFICE },
      { count: 2 },
    ]);
    const [event] = await list();
    assert.equal(event?.kind, 'rate limited');
    assert.equal(event.ip, client.ip);
    assert.equal(event.userAgent, client.userAgent);
  });

  test('the next hour has an event of its own, and so has another user', async () => {
    await refuse(HOME);
    const other = await addUser(on.db, `${username.slice(0, -1)}x`);
    await refuse(HOME, `${username.slice(0, -1)}x`);
    await sql`update events set at = at - interval '1 hour'`.execute(on.db);
    await refuse(HOME);
    assert.deepEqual(await details(), [
      { count: 1, network: HOME },
      { count: 1, network: HOME },
    ]);
    assert.equal((await list(other)).length, 1);
  });

  test('attempts refused at once are all counted, in one event', async () => {
    await Promise.all(Array.from({ length: 20 }, () => refuse(HOME)));
    assert.deepEqual(await details(), [{ count: 20, network: HOME }]);
  });

  test('an attempt on an unknown name that the rate limit refuses is no event', async () => {
    const countEvents = () => on.db.selectFrom('events').select('id').execute();
    const before = await countEvents();
    await refuse(HOME, 'nobody');
    assert.deepEqual(await countEvents(), before);
  });

  /** Inserts an event for each number, that many days ago. */
  const happened = (...daysAgo: number[]) =>
    sql`insert into events (kind, user_id, user_agent, at, details)
      select 'log in', ${userId}, '', now() - days * interval '1 day',
        jsonb_build_object('count', days)
      from unnest(${daysAgo}::int[]) days`.execute(on.db);
  const daysLeft = async () => (await details()).map(({ count }) => count);

  test('events that are too old are deleted, and no others', async () => {
    await happened(366, 31, 29, 0);
    await sweepEvents(on.db, 365);
    assert.deepEqual(await daysLeft(), [31, 29, 0]);
    await sweepEvents(on.db, 30);
    assert.deepEqual(await daysLeft(), [29, 0]);
  });

  test('0 days keep events for ever', async () => {
    await happened(10_000);
    await sweepEvents(on.db, 0);
    assert.deepEqual(await daysLeft(), [10_000]);
  });

  test('all events that are too old are deleted, however many there are, also by two sweeps at once', async () => {
    await happened(...Array.from({ length: 2 * SWEPT_AT_ONCE + 1 }, () => 400), 1);
    await Promise.all([sweepEvents(on.db, 365), sweepEvents(on.db, 365)]);
    assert.deepEqual(await daysLeft(), [1]);
  });
});
