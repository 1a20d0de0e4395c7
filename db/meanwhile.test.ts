import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { EventKind } from './event-kinds.ts';
import { type Client, insertEvent, recordRateLimited } from './events.ts';
import { listMeanwhile, MAX_MEANWHILE_EVENTS, meanwhileKinds } from './meanwhile.ts';
import { noPostgres } from './testing/databases.ts';
import { describeOnDatabase, describeOnEachDatabase } from './testing/describe.ts';
import { addUser } from './testing/rows.ts';
import { rowsRead } from './testing/rows-read.ts';

const HERE = { ip: '203.0.113.7', userAgent: 'here', deviceId: 1 };
const ELSEWHERE: Client = { ip: '198.51.100.9', userAgent: 'elsewhere', deviceId: 2 };
/** Another device with the same network and program. */
const NEXT_DESK: Client = { ...HERE, deviceId: 3 };
const UNKNOWN: Client = { ...HERE, deviceId: undefined };

describeOnEachDatabase('what happened meanwhile', (on) => {
  let serial = 0;
  let username: string;
  let userId: number;
  beforeEach(async () => {
    username = `user${++serial}`;
    userId = await addUser(on.db, username);
  });

  const happen = (kind: EventKind, from = ELSEWHERE) =>
    insertEvent(on.db, { kind, userId, ...from });
  const list = (dismissedId?: number) => listMeanwhile(on.db, userId, HERE.deviceId, dismissedId);
  const counts = async () => (await list()).map(({ kind, count }) => [kind, count]);
  const letPass = (time: string) =>
    sql`update events set at = at - ${time}::interval where user_id = ${userId}`.execute(on.db);

  test('events that matter are counted by their kind, the most urgent first', async () => {
    await happen('key made');
    await happen('key made', { ...ELSEWHERE, ip: '198.51.100.10' });
    for (const kind of ['log in', 'key edited', 'log out', 'signed out'] as const)
      await happen(kind);
    await happen('password changed', { ip: null, userAgent: 'operator' });
    await happen('failed log in');
    const listed = await list();
    assert.deepEqual(
      listed.map(({ kind, count, ip, isAtLeast }) => [kind, count, ip, isAtLeast]),
      [
        ['failed log in', 1, ELSEWHERE.ip, false],
        ['password changed', 1, null, false],
        ['key made', 2, '198.51.100.10', false],
      ],
    );
  });

  test('every kind is listed', async () => {
    for (const kind of meanwhileKinds) await happen(kind);
    assert.deepEqual(
      (await list()).map(({ kind }) => kind),
      meanwhileKinds,
    );
  });

  test('events are listed for 14 days', async () => {
    await happen('key removed');
    await letPass('13 days 23 hours');
    assert.deepEqual(await counts(), [['key removed', 1]]);
    await letPass('1 hour');
    assert.deepEqual(await counts(), []);
  });

  test('what was done on this device, from any network, is left out, and so are events of other users', async () => {
    await happen('key made', HERE);
    await happen('key made', { ...ELSEWHERE, deviceId: HERE.deviceId });
    const other = await addUser(on.db, `other${serial}`);
    await insertEvent(on.db, { kind: 'key made', userId: other, ...ELSEWHERE });
    assert.deepEqual(await counts(), []);
    await happen('key made', NEXT_DESK);
    await happen('key made', UNKNOWN);
    assert.deepEqual(await counts(), [['key made', 2]]);
  });

  test('on an unknown device, everything is listed', async () => {
    for (const from of [HERE, UNKNOWN]) await happen('key made', from);
    const [made] = await listMeanwhile(on.db, userId, undefined);
    assert.equal(made?.count, 2);
  });

  test('a mistake of the user is left out: a success on the same device follows it', async () => {
    for (const kind of ['failed log in', 'failed code'] as const) {
      await happen(kind);
      await letPass('4 minutes 59 seconds');
    }
    await letPass('-4 minutes -59 seconds');
    assert.deepEqual(await counts(), [
      ['failed code', 1],
      ['failed log in', 1],
    ]);
    await happen('log in');
    assert.deepEqual(await counts(), []);
  });

  test('a success hides no failure on an unknown device: its user may have guessed the password', async () => {
    await happen('failed log in', UNKNOWN);
    for (const from of [UNKNOWN, NEXT_DESK]) await happen('log in', from);
    assert.deepEqual(await counts(), [['failed log in', 1]]);
  });

  test('a failure is listed if a success is on another device, before the failure, or too late', async () => {
    await happen('log in', HERE);
    await happen('failed code', HERE);
    for (const from of [ELSEWHERE, NEXT_DESK]) await happen('log in', from);
    await letPass('5 minutes 1 second');
    await happen('log in', HERE);
    assert.deepEqual(await counts(), [['failed code', 1]]);
  });

  test('dismissed events are not listed, newer ones are', async () => {
    await happen('key made');
    await happen('failed log in');
    const newest = Math.max(...(await list()).map(({ newestId }) => newestId));
    assert.deepEqual(await list(newest), []);
    await happen('key made');
    assert.deepEqual(
      (await list(newest)).map(({ kind, count }) => [kind, count]),
      [['key made', 1]],
    );
  });

  test('attempts that the rate limit refused are counted one by one', async () => {
    for (const network of ['198.51.100.9/32', '198.51.100.9/32', '203.0.113.9/32']) {
      await recordRateLimited(on.db, username, network, ELSEWHERE);
    }
    assert.deepEqual(await counts(), [['rate limited', 3]]);
  });

  test('a count says if there may be more events than were read', async () => {
    await sql`insert into events (kind, user_id, user_agent)
      select 'failed log in', ${userId}, 'guesser'
      from generate_series(1, ${MAX_MEANWHILE_EVENTS + 1}::int)`.execute(on.db);
    const [failed] = await list();
    assert.deepEqual([failed?.count, failed?.isAtLeast], [MAX_MEANWHILE_EVENTS, true]);
    // Events that were read and left out count here, too.
    await happen('failed log in', HERE);
    await happen('log in', HERE);
    const [others] = await list();
    assert.deepEqual([others?.count, others?.isAtLeast], [MAX_MEANWHILE_EVENTS - 1, true]);
  });
});

describeOnDatabase('the events that PostgreSQL reads for the home page', (on) => {
  test('are bounded, however many a user has and however old they are', {
    skip: noPostgres,
  }, async () => {
    const [userId, other] = [await addUser(on.db, 'many'), await addUser(on.db, 'others')];
    // In parts: one statement might take too long on a busy machine.
    for (let part = 0; part < 8; part++) {
      await sql`insert into events (kind, user_id, user_agent, at)
        select (array['failed log in', 'key made', 'log in', 'key edited'])[n % 4 + 1],
          case when n % 2 = 0 then ${userId}::bigint else ${other}::bigint end, '',
          now() - case when n % 3 = 0 then 1 else 400 end * interval '1 day'
        from generate_series(1, 5000) n`.execute(on.db);
    }
    await sql`vacuum analyze events`.execute(on.db);
    const read = await rowsRead(on.db, 'events', (trx) =>
      listMeanwhile(trx, userId, HERE.deviceId),
    );
    assert.ok(read > 0 && read <= 4 * MAX_MEANWHILE_EVENTS, `${read} rows`);
  });
});
