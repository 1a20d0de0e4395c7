import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser } from '../testing/rows.ts';
import { listRotations } from './rotations.ts';

describeOnEachDatabase('the rotations of keys', (on) => {
  let users = 0;
  async function addRotation() {
    const userId = await addUser(on.db, `user${++users}`);
    const oldId = await addKey(on.db, userId);
    const newId = await addKey(on.db, userId);
    await addKey(on.db, userId);
    await on.db
      .updateTable('api_keys')
      .set({ replaces_id: oldId })
      .where('id', '=', newId)
      .execute();
    return { userId, oldId, newId };
  }

  test('each key of a rotation has the other one, also if that is not asked for', async () => {
    const { userId, oldId, newId } = await addRotation();
    const [ofOld, ...others] = await listRotations(on.db, userId, [oldId]);
    assert.equal(ofOld?.key.id, oldId);
    assert.equal(ofOld?.successor?.id, newId);
    assert.equal(ofOld?.predecessor, null);
    assert.deepEqual(others, []);
    const [ofNew] = await listRotations(on.db, userId, [newId]);
    assert.equal(ofNew?.predecessor?.id, oldId);
    assert.equal(ofNew?.successor, null);
    assert.equal((await listRotations(on.db, userId, [oldId, newId])).length, 2);
  });

  test('a removed key replaces nothing; a removed one that was replaced stays known', async () => {
    const { userId, oldId, newId } = await addRotation();
    const remove = (id: number, removed_at: Date | null) =>
      on.db.updateTable('api_keys').set({ removed_at }).where('id', '=', id).execute();
    await remove(newId, new Date());
    assert.deepEqual(await listRotations(on.db, userId, [oldId]), []);
    await remove(newId, null);
    await remove(oldId, new Date());
    const [ofNew] = await listRotations(on.db, userId, [newId]);
    assert.equal(ofNew?.predecessor?.stage, 'undoable');
  });

  test("another user's keys are none", async () => {
    const { oldId, newId } = await addRotation();
    const other = await addUser(on.db, 'other');
    assert.deepEqual(await listRotations(on.db, other, [oldId, newId]), []);
  });
});
