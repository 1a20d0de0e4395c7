import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, client, removeKey } from '../testing/rows.ts';
import { setDisabled } from '../users.ts';
import { findKeyDetails } from './details.ts';
import { listEndedKeys } from './ended.ts';
import { recordLateUses } from './late-uses.ts';
import { pauseKeys, resumeKeys } from './pause.ts';

describeOnEachDatabase('late uses of keys', (on) => {
  let owner: number;
  let id: number;
  before(async () => {
    owner = await addUser(on.db, 'ada');
  });
  beforeEach(async () => {
    id = await addKey(on.db, owner);
  });

  const record = (count: number, ip: string | null, userAgent: string, isPaused = false) =>
    recordLateUses(on.db, [{ keyId: id, ip, userAgent, count, isPaused }]);
  const recorded = () =>
    on.db
      .selectFrom('api_keys')
      .select([
        'late_use_count as count',
        'late_used_ip as ip',
        'late_used_agent as agent',
        'last_used_at as lastUsedAt',
      ])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();

  test('are added up, with the latest client, and leave the last use as it is', async () => {
    await record(200, '10.0.0.11', 'first');
    await record(12, null, 'curl/8.5.0');
    assert.deepEqual(await recorded(), {
      count: 212,
      ip: null,
      agent: 'curl/8.5.0',
      lastUsedAt: null,
    });
    await recordLateUses(on.db, []);
  });

  test('in a pause are counted from zero at each pause, but not when a pause gets another end', async () => {
    await record(2, '10.0.0.11', 'before');
    await pauseKeys(on.db, owner, [id], { minutes: 15 }, client);
    await record(3, '10.0.0.12', 'first', true);
    await pauseKeys(on.db, owner, [id], 'until resumed', client);
    await record(1, '10.0.0.12', 'second', true);
    assert.deepEqual(
      { ...(await recorded()), lastUsedAt: null },
      { count: 4, ip: '10.0.0.12', agent: 'second', lastUsedAt: null },
    );
    await resumeKeys(on.db, owner, [id], client);
    await pauseKeys(on.db, owner, [id], { minutes: 15 }, client);
    assert.deepEqual(await recorded(), { count: 0, ip: null, agent: null, lastUsedAt: null });
  });

  test('after the end of a key are counted from zero, whatever was counted in a pause', async () => {
    await pauseKeys(on.db, owner, [id], { minutes: 15 }, client);
    await record(3, '10.0.0.12', 'in the pause', true);
    const known = async () => {
      const key = await findKeyDetails(on.db, owner, id);
      return [key?.lateUseCount, key?.lateUsedIp];
    };
    assert.deepEqual(await known(), [3, '10.0.0.12']);
    await removeKey(on.db, owner, id, 'Linode Manager');
    assert.deepEqual(await known(), [0, null]);
    const { keys, stillTried } = await listEndedKeys(on.db, owner, 1);
    assert.deepEqual([keys[0]?.id, keys[0]?.lateUseCount, stillTried], [id, 0, 0]);
    await record(1, '10.0.0.12', 'in the pause', true);
    assert.deepEqual(await known(), [0, null]);
    await record(2, '10.0.0.13', 'late');
    await record(2, '10.0.0.13', 'late');
    assert.deepEqual(await known(), [4, '10.0.0.13']);
  });

  test('have the time at which they are written', async () => {
    await on.db.transaction().execute(async (trx) => {
      await recordLateUses(trx, [{ keyId: id, ...client, count: 1, isPaused: false }]);
      const { now } = await trx
        .selectFrom('api_keys')
        .select(sql<boolean>`late_used_at = now()`.as('now'))
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      assert.equal(now, true);
    });
  });

  test('are not added while the owner is disabled', async () => {
    await setDisabled(on.db, 'ada', true);
    await record(1, null, '');
    await setDisabled(on.db, 'ada', false);
    assert.equal((await recorded()).count, 0);
    await record(1, null, '');
    assert.equal((await recorded()).count, 1);
  });

  test('are all added when two processes write at once', async () => {
    const ids = [id, ...(await Promise.all(Array.from({ length: 9 }, () => addKey(on.db, owner))))];
    const uses = ids.map((keyId) => ({ keyId, ...client, count: 1, isPaused: false }));
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        recordLateUses(on.db, n % 2 === 0 ? uses : uses.toReversed()),
      ),
    );
    const rows = await on.db
      .selectFrom('api_keys')
      .select('late_use_count')
      .where('id', 'in', ids)
      .distinct()
      .execute();
    assert.deepEqual(rows, [{ late_use_count: 10 }]);
  });
});
