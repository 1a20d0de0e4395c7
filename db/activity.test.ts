import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { beforeEach, describe, test } from 'node:test';
import { sql } from 'kysely';
import {
  type Activity,
  type ActivityCursor,
  type ActivityFilter,
  EVENTS_IN_BATCH,
  FEW_EVENTS,
  listActivity,
  readEvents,
} from './activity.ts';
import { listKeysWithEvents, listKinds, MAX_CHOICES } from './activity-choices.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from './testing/databases.ts';
import { describeOnEachDatabase } from './testing/describe.ts';
import { addKey, addUser } from './testing/rows.ts';
import { rowsRead } from './testing/rows-read.ts';

interface Past {
  kind?: string;
  ip?: string | null;
  userAgent?: string;
  keyId?: number;
}

describeOnEachDatabase('activity', (on) => {
  let userId: number;
  beforeEach(async () => {
    userId = await addUser(on.db, `user-${randomUUID()}`.slice(0, 32));
  });

  /** Inserts events, the first one first, a minute apart. */
  const happened = (...events: Past[]) => insertEvents(on.db, userId, events);
  const list = (options: { length?: number; filter?: ActivityFilter; cursor?: ActivityCursor }) =>
    listActivity(on.db, userId, { length: 25, ...options });
  const countsOf = (rows: Activity[]) => rows.map(({ kind, count }) => [kind, count]);
  const failed = (ip: string | null, userAgent = 'test') => ({
    kind: 'failed log in',
    ip,
    userAgent,
  });

  test('failed log ins that follow each other from one network are one row', async () => {
    await happened(
      { kind: 'log in' },
      failed('203.0.113.7'),
      failed('203.0.113.7'),
      failed('203.0.113.8'),
      failed('203.0.113.7'),
      { kind: 'log in' },
      failed('203.0.113.7'),
      failed('2001:db8:1:2::3'),
      failed('2001:db8:1:2::4'),
      failed(null),
      failed(null),
    );
    const { rows } = await list({});
    assert.deepEqual(
      rows.map(({ kind, ip, count }) => [kind, ip, count]),
      [
        ['failed log in', null, 2],
        ['failed log in', '2001:db8:1:2::/64', 2],
        ['failed log in', '203.0.113.7', 1],
        ['log in', null, 1],
        ['failed log in', '203.0.113.7', 1],
        ['failed log in', '203.0.113.8', 1],
        ['failed log in', '203.0.113.7', 2],
        ['log in', null, 1],
      ],
    );
    const [, run, single] = rows;
    assert.equal((run?.at.getTime() ?? 0) - (run?.since.getTime() ?? 0), 60_000);
    assert.deepEqual(single?.at, single?.since);
  });

  test('a run names the program only if it was always the same', async () => {
    await happened(failed('203.0.113.7', 'curl'), failed('203.0.113.7', 'curl'), failed(null));
    const programs = async () => (await list({})).rows.map(({ userAgent }) => userAgent);
    assert.deepEqual(await programs(), ['test', 'curl']);
    await happened(failed(null, 'node'));
    assert.deepEqual(await programs(), [undefined, 'curl']);
  });

  test('other events that follow each other are a row each', async () => {
    await happened({ kind: 'failed authentication' }, { kind: 'failed authentication' });
    assert.equal((await list({})).rows.length, 2);
  });

  test('pages show each event once, in order, on the way back too, whatever the runs are', async () => {
    const kinds = ['failed log in', 'failed log in', 'log in'];
    const ips = ['203.0.113.7', '203.0.113.7', '203.0.113.8', null];
    for (let round = 0; round < 2; round++) {
      const events = Array.from({ length: randomInt(30, 50) }, () => ({
        kind: kinds[randomInt(kinds.length)] ?? '',
        ip: ips[randomInt(ips.length)] ?? null,
      }));
      await sql`delete from events where user_id = ${userId}`.execute(on.db);
      // Two runs that no page can hold.
      const longRun = Array.from({ length: 70 }, () => failed('203.0.113.9'));
      await happened(...longRun, ...events, ...longRun);

      const older = await readAll('older', await list({ length: 3 }));
      assert.equal(older.pages[0]?.hasNewer, false);
      assert.equal(older.pages.at(-1)?.hasOlder, false);
      assertEachOnce(older.rows, events.length + 2 * longRun.length);

      const oldest = older.rows.at(-1)?.oldestId ?? 0;
      const newer = await readAll(
        'newer',
        await list({ length: 3, cursor: { after: oldest - 1 } }),
      );
      assert.equal(newer.pages[0]?.hasOlder, false);
      assertEachOnce(newer.rows, events.length + 2 * longRun.length);
    }
  });

  async function readAll(direction: 'newer' | 'older', first: Awaited<ReturnType<typeof list>>) {
    const pages = [first];
    for (let page = first; direction === 'older' ? page.hasOlder : page.hasNewer; ) {
      const cursor =
        direction === 'older'
          ? { before: page.rows.at(-1)?.oldestId ?? 0 }
          : { after: page.rows[0]?.newestId ?? 0 };
      page = await list({ length: 3, cursor });
      assert.equal(direction === 'older' ? page.hasNewer : page.hasOlder, true);
      pages.push(page);
    }
    const inOrder = direction === 'older' ? pages : pages.toReversed();
    for (const { rows } of pages) assert.ok(rows.length >= 1 && rows.length <= 3);
    return { pages, rows: inOrder.flatMap(({ rows }) => rows) };
  }

  function assertEachOnce(rows: Activity[], total: number) {
    assert.equal(
      rows.reduce((sum, { count }) => sum + count, 0),
      total,
    );
    for (const [i, { newestId, oldestId }] of rows.entries()) {
      assert.ok(newestId >= oldestId);
      const next = rows[i + 1];
      if (next) assert.ok(oldestId > next.newestId);
    }
  }

  test('a page that its rows fill exactly has no older one', async () => {
    await happened({ kind: 'log in' }, { kind: 'log out' });
    assert.equal((await list({ length: 2 })).hasOlder, false);
    assert.equal((await list({ length: 1 })).hasOlder, true);
  });

  test('a run of as many events as a page reads is whole, and one more is on the next page', async () => {
    await happened(...Array.from({ length: 20 }, () => failed(null)));
    assert.deepEqual(countsOf((await list({ length: 1 })).rows), [['failed log in', 20]]);
    assert.equal((await list({ length: 1 })).hasOlder, false);
    await happened(failed(null));
    const page = await list({ length: 1 });
    assert.deepEqual(countsOf(page.rows), [['failed log in', 20]]);
    assert.equal(page.hasOlder, true);
  });

  test('filters by kind and by key, also where the key is gone', async () => {
    const [kept, gone] = [await addKey(on.db, userId), await addKey(on.db, userId)];
    await happened(
      { kind: 'key removed', keyId: gone },
      { kind: 'key removed', keyId: kept },
      { kind: 'log in' },
    );
    const shown = async (filter: ActivityFilter) => countsOf((await list({ filter })).rows);
    assert.deepEqual(await shown({ kind: 'log in' }), [['log in', 1]]);
    assert.deepEqual(await shown({ keyId: kept }), [
      ['key removed', 1],
      ['key made', 1],
    ]);
    assert.deepEqual(await shown({ keyId: gone, kind: 'key made' }), [['key made', 1]]);
    assert.deepEqual(await shown({ keyId: gone, kind: 'log in' }), []);
  });

  test("another user's events and keys are on no list", async () => {
    const keyId = await addKey(on.db, userId);
    const other = await addUser(on.db, `user-${randomUUID()}`.slice(0, 32));
    assert.deepEqual((await listActivity(on.db, other, { length: 25 })).rows, []);
    assert.deepEqual(
      (await listActivity(on.db, other, { length: 25, filter: { keyId } })).rows,
      [],
    );
    assert.deepEqual(await listKinds(on.db, other), []);
    assert.deepEqual(await listKeysWithEvents(on.db, other), []);
    for await (const batch of readEvents(on.db, other, { keyId })) assert.deepEqual(batch, []);
  });

  test('the kinds and keys to choose from are those that occur, each once', async () => {
    const first = await addKey(on.db, userId);
    const second = await addKey(on.db, userId);
    await happened(
      { kind: 'log in' },
      { kind: 'key polished', keyId: first },
      { kind: 'log in' },
      { kind: 'key removed', keyId: first },
    );
    assert.deepEqual(await listKinds(on.db, userId), [
      'key made',
      'key polished',
      'key removed',
      'log in',
    ]);
    const keys = await listKeysWithEvents(on.db, userId);
    assert.deepEqual(
      keys.map(({ id }) => id),
      [second, first],
    );
  });

  test('the choices are bounded', async () => {
    await happened(...Array.from({ length: MAX_CHOICES + 1 }, (_, n) => ({ kind: `kind ${n}` })));
    assert.equal((await listKinds(on.db, userId)).length, MAX_CHOICES);
  });

  test('a download has every event once, newest first, in batches', async () => {
    const total = 2 * EVENTS_IN_BATCH + 1;
    await happened(...Array.from({ length: total }, () => failed(null)));
    const sizes: number[] = [];
    const ids: number[] = [];
    for await (const batch of readEvents(on.db, userId, { kind: 'failed log in' })) {
      sizes.push(batch.length);
      ids.push(...batch.map(({ id }) => id));
    }
    assert.deepEqual(sizes, [EVENTS_IN_BATCH, EVENTS_IN_BATCH, 1]);
    assert.deepEqual(
      ids,
      [...new Set(ids)].sort((a, b) => b - a),
    );
  });
});

async function insertEvents(db: Database, userId: number, events: Past[]): Promise<void> {
  await sql`
    insert into events (kind, user_id, key_id, ip, user_agent, at)
    select coalesce(event ->> 'kind', 'log in'), ${userId}, (event ->> 'keyId')::bigint,
      (event ->> 'ip')::inet, coalesce(event ->> 'userAgent', 'test'), now() + place * interval '1 minute'
    from jsonb_array_elements(${JSON.stringify(events)}::jsonb) with ordinality of_user (event, place)
    order by place`.execute(db);
}

describe('the activity of a user with many events', { skip: noPostgres }, () => {
  test('a page reads a bounded number of events, whatever it is filtered by', async (t) => {
    const url = await createTestDatabase();
    const db = await openDatabase({ url });
    t.after(async () => {
      await db.destroy();
      await dropTestDatabase(url);
    });
    const userId = await addUser(db, 'ada');
    const other = await addUser(db, 'bob');
    const keyId = await addKey(db, userId);
    // A rare kind and a rare key, in the oldest events.
    await sql`insert into events (kind, user_id, user_agent) values ('user added', ${userId}, '')`.execute(
      db,
    );
    // In parts: a statement must not take long.
    for (let part = 0; part < 12; part++) {
      await sql`
        insert into events (kind, user_id, user_agent, ip)
        select case when n % 2 = 0 then 'log in' else 'failed log in' end,
          case when n % 75 = 0 then ${userId}::bigint else ${other}::bigint end, '', '203.0.113.7'
        from generate_series(1, 5000) n`.execute(db);
    }
    await sql`analyze events`.execute(db);
    const { id: middle } = await sql<{ id: number }>`
      select (max(id) / 2)::bigint as id from events`
      .execute(db)
      .then(({ rows: [row] }) => row ?? { id: 0 });

    const few = { length: FEW_EVENTS };
    const kept = await rowsRead(db, 'events', (trx) => listActivity(trx, userId, few), 'generic');
    assert.ok(kept <= FEW_EVENTS * 20 + 1, String(kept));

    const filters: ActivityFilter[] = [
      {},
      { kind: 'user added' },
      { kind: 'log in' },
      { kind: 'none' },
      { keyId },
      { keyId, kind: 'log in' },
      { keyId: keyId + 1 },
    ];
    for (const filter of filters) {
      for (const cursor of [undefined, { before: middle }, { after: middle }]) {
        const events = await rowsRead(db, 'events', (trx) =>
          listActivity(trx, userId, { length: 25, filter, cursor }),
        );
        assert.ok(events <= 510, `${JSON.stringify({ filter, cursor })}: ${events}`);
      }
    }
    assert.ok((await rowsRead(db, 'events', (trx) => listKinds(trx, userId))) < 50);
    assert.ok((await rowsRead(db, 'events', (trx) => listKeysWithEvents(trx, userId))) < 50);
  });
});
