import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, client, newKey } from '../testing/rows.ts';
import { findKeyDetails } from './details.ts';
import { removeKeys, reportLeakedKey, undoRemovals } from './remove.ts';

describeOnEachDatabase('removed keys', (on) => {
  let owner: number;
  let ids: number[];
  let users = 0;
  beforeEach(async () => {
    owner = await addUser(on.db, `user${++users}`);
    ids = [await addKey(on.db, owner), await addKey(on.db, owner), await addKey(on.db, owner)];
  });

  const remove = (of: number[], changes = {}) =>
    removeKeys(on.db, owner, of, 'Linode Manager', client, changes);
  const stages = () =>
    Promise.all(ids.map(async (id) => (await findKeyDetails(on.db, owner, id))?.stage));

  test('are restored together, except those that were removed as leaked', async () => {
    await remove(ids.slice(0, 2));
    await remove(ids.slice(2), { leaked: true });
    const result = await undoRemovals(on.db, owner, ids, client);
    assert.deepEqual(await stages(), ['active', 'active', 'leaked']);
    if (result.outcome === 'not found') throw new Error(result.outcome);
    assert.deepEqual(
      result.changed.map(({ id }) => id),
      ids.slice(0, 2),
    );
    assert.deepEqual(
      result.unchanged.map(({ refusal }) => refusal),
      ['leaked'],
    );
  });

  test("stay removed if one of the keys is another user's", async () => {
    await remove(ids);
    const foreign = await addKey(on.db, await addUser(on.db, `other${users}`));
    const result = await undoRemovals(on.db, owner, [...ids, foreign], client);
    assert.deepEqual(result, { outcome: 'not found' });
    assert.deepEqual(await stages(), ['undoable', 'undoable', 'undoable']);
  });

  test('that were reported as leaked have one event, without the address of the reporter', async () => {
    const key = newKey();
    const id = await addKey(on.db, owner, key);
    const reports = await Promise.all(
      Array.from({ length: 5 }, () => reportLeakedKey(on.db, key.digest)),
    );
    assert.deepEqual(reports.toSorted(), [
      ...Array(1).fill('reported'),
      ...Array(4).fill('reported before'),
    ]);
    assert.equal(await reportLeakedKey(on.db, newKey().digest), 'unknown');
    const events = await on.db
      .selectFrom('events')
      .select(['kind', 'details', 'ip', 'user_agent'])
      .where('key_id', '=', id)
      .where('kind', '<>', 'key made')
      .execute();
    const details = { label: key.label, prefix: key.prefix, leaked: true };
    assert.deepEqual(events, [
      { kind: 'key removed', details, ip: null, user_agent: 'report of a leaked key' },
    ]);
    const found = await findKeyDetails(on.db, owner, id);
    assert.deepEqual(
      [found?.stage, found?.undoableUntil, found?.lastUsedAt, found?.lateUseCount],
      ['leaked', null, null, 0],
    );
  });
});
