import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { SWEPT_AT_ONCE } from '../sweep.ts';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, newKey, removeKey } from '../testing/rows.ts';
import { listEndedKeys, MAX_ENDED_COUNTED, sweepEndedKeys } from './ended.ts';
import { UNDO_MINUTES } from './state.ts';

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

  /** Adds a number of keys that ended some days ago, by one statement. */
  const addMany = (count: number, days: number) =>
    sql`
      insert into api_keys (user_id, label, prefix, digest, request_id, created_via, removed_at)
      select ${owner}, '', left(replace(id::text, '-', ''), 16), sha256(id::text::bytea), id, 'API',
        now() - make_interval(days => ${days})
      from (select gen_random_uuid() as id from generate_series(1, ${count})) ids`.execute(on.db);

  const listed = async (limit = 10) => {
    const { keys, ...counts } = await listEndedKeys(on.db, owner, limit);
    return { labels: keys.map((key) => key.label), ...counts };
  };
  const labelsLeft = async () => {
    const rows = await on.db
      .selectFrom('api_keys')
      .select('label')
      .where('user_id', '=', owner)
      .orderBy('id')
      .execute();
    return rows.map(({ label }) => label);
  };

  test('are listed to their owner alone, the latest end first', async () => {
    await add('expires later', `expires_at = now() + interval '1 hour'`);
    await add('never expires', 'expires_at = null');
    await add('expired', `expires_at = now() - interval '2 hours'`);
    await add(
      'removed, then expired',
      `removed_at = now() - interval '3 hours', expires_at = now() - interval '1 minute'`,
    );
    const removed = await add('removed', 'expires_at = null');
    await removeKey(on.db, owner, removed, 'API');

    assert.deepEqual(await listed(), {
      labels: ['removed', 'expired', 'removed, then expired'],
      total: 3,
      stillTried: 0,
    });
    assert.deepEqual((await listEndedKeys(on.db, await addUser(on.db, 'other'), 10)).keys, []);
  });

  test('say how they ended, and have neither secret nor digest', async () => {
    const id = await add('one', 'expires_at = null');
    await removeKey(on.db, owner, id, 'operator');
    const [key] = (await listEndedKeys(on.db, owner, 1)).keys;
    const { endedAt, readAt, prefix, undoableUntil, ...rest } = key ?? {};
    assert.ok(endedAt && readAt && endedAt <= readAt);
    assert.equal(undoableUntil?.getTime(), endedAt.getTime() + UNDO_MINUTES * 60_000);
    assert.equal(prefix?.length, 16);
    assert.deepEqual(rest, {
      id,
      label: 'one',
      removed: true,
      removedIp: null,
      removedVia: 'operator',
      leaked: false,
      lateUsedAt: null,
      lateUsedIp: null,
      lateUsedAgent: null,
      lateUseCount: 0,
      stillTried: false,
    });
  });

  test('come first while they are still being tried, for 24 hours', async () => {
    const expired = (ago: string, late: string) =>
      `expires_at = now() - interval '${ago}', late_used_at = now() - interval '${late}'`;
    await add('untried', `expires_at = now() - interval '1 hour'`);
    await add('tried', expired('9 days', '23 hours 59 minutes'));
    await add('tried long ago', expired('8 days', '24 hours'));
    assert.deepEqual(await listed(), {
      labels: ['tried', 'untried', 'tried long ago'],
      total: 3,
      stillTried: 1,
    });
    assert.deepEqual(await listed(1), { labels: ['tried'], total: 3, stillTried: 1 });
  });

  test('are counted up to a limit', async () => {
    await addMany(MAX_ENDED_COUNTED, 1);
    assert.equal((await listed(1)).total, MAX_ENDED_COUNTED);
    await addMany(2, 1);
    assert.deepEqual(await listed(1), {
      labels: [''],
      total: MAX_ENDED_COUNTED + 1,
      stillTried: 0,
    });
  });

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
