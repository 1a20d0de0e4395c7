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

  test('each key of a rotation names the other one, even if only one is asked for', async () => {
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

  const set = (
    id: number,
    values: { removed_at?: Date; last_used_at?: Date; replaces_id?: number },
  ) => on.db.updateTable('api_keys').set(values).where('id', '=', id).execute();

  test('a removed key that was replaced stays known', async () => {
    const { userId, oldId, newId } = await addRotation();
    await set(oldId, { removed_at: new Date() });
    const [ofNew] = await listRotations(on.db, userId, [newId]);
    assert.equal(ofNew?.predecessor?.stage, 'undoable');
  });

  test('a removed successor counts if it was never used, until another one takes its place', async () => {
    const { userId, oldId, newId } = await addRotation();
    await set(newId, { removed_at: new Date() });
    const successorId = async () => {
      const [ofOld] = await listRotations(on.db, userId, [oldId]);
      return ofOld?.successor?.id;
    };
    assert.equal(await successorId(), newId);
    const thirdId = await addKey(on.db, userId);
    await set(thirdId, { replaces_id: oldId });
    assert.equal(await successorId(), thirdId);
    await set(thirdId, { removed_at: new Date(), last_used_at: new Date() });
    await set(newId, { last_used_at: new Date() });
    assert.equal(await successorId(), undefined);
  });

  test("another user's keys have no rotations", async () => {
    const { oldId, newId } = await addRotation();
    const other = await addUser(on.db, 'other');
    assert.deepEqual(await listRotations(on.db, other, [oldId, newId]), []);
  });
});
