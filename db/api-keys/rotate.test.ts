import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, client, newKey, removeKey, rotate } from '../testing/rows.ts';
import { findKeyDetails } from './details.ts';
import { editKey } from './edit.ts';
import { pauseKeys } from './pause.ts';
import { undoRemovals } from './remove.ts';
import type { Rotation } from './rotate.ts';
import { recordKeyUses } from './uses.ts';

describeOnEachDatabase('a rotated key', (on) => {
  let owner: number;
  let old: number;
  let users = 0;
  beforeEach(async () => {
    owner = await addUser(on.db, `user${++users}`);
    old = await addKey(on.db, owner);
  });

  /** Rotates the key, and returns the id of its successor. */
  async function successorOf(id: number, changes: Partial<Rotation> = {}): Promise<number> {
    const rotated = await rotate(on.db, owner, id, changes);
    if (rotated.outcome !== 'created') throw new Error(rotated.outcome);
    return rotated.id;
  }

  const use = (...ids: number[]) =>
    recordKeyUses(
      on.db,
      ids.map((keyId) => ({ keyId, ...client })),
    );
  const set = (id: number, change: string) =>
    sql`update api_keys set ${sql.raw(change)} where id = ${id}`.execute(on.db);
  /** Makes the last recorded uses old enough for the next ones to be recorded. */
  const minutePasses = () =>
    sql`update api_keys set last_used_at = last_used_at - interval '61 seconds'`.execute(on.db);

  async function details(id: number) {
    const key = await findKeyDetails(on.db, owner, id);
    if (!key) throw new Error(`There is no key ${id}.`);
    return key;
  }

  /** How long until a key expires, in whole minutes; undefined: never. */
  async function minutesLeft(id: number): Promise<number | undefined> {
    const { expiresAt, readAt } = await details(id);
    return expiresAt ? Math.round((expiresAt.getTime() - readAt.getTime()) / 60_000) : undefined;
  }

  test('has a successor with the same label, note and lifetime, and each key names the other', async () => {
    await set(
      old,
      `note = 'for backups', created_at = now() - interval '2 days',
        expires_at = now() + interval '1 day'`,
    );
    const id = await successorOf(old);
    const key = await details(id);
    assert.deepEqual([key.label, key.note, key.stage], ['a label', 'for backups', 'active']);
    assert.equal(await minutesLeft(id), 3 * 24 * 60);
    assert.deepEqual([key.predecessor?.id, key.overlap, key.successor], [old, 24, null]);
    assert.deepEqual([(await details(old)).successor?.id, await minutesLeft(old)], [id, 24 * 60]);
    const other = await successorOf(await addKey(on.db, owner), { expiry: { lifetime: null } });
    assert.equal(await minutesLeft(other), undefined);
  });

  test('ends after the overlap, which begins with the first use of its successor', async () => {
    for (const [overlap, minutes] of [
      [1, 60],
      [24, 24 * 60],
      [168, 7 * 24 * 60],
      ['until removed', undefined],
    ] as const) {
      const id = await addKey(on.db, owner);
      const successor = await successorOf(id, { overlap });
      assert.equal(await minutesLeft(id), undefined);
      await use(successor);
      assert.equal(await minutesLeft(id), minutes);
      assert.ok((await details(id)).replacedAt);
    }
  });

  test('ends at its own expiry if that comes first', async () => {
    await set(old, `expires_at = now() + interval '30 minutes'`);
    await use(await successorOf(old));
    assert.equal(await minutesLeft(old), 30);
  });

  test('is ended once: afterwards its owner may give it another end', async () => {
    const successor = await successorOf(old);
    await use(successor);
    const keep = { label: 'a label', note: '', timeZone: 'UTC' };
    await editKey(on.db, owner, old, { ...keep, expiry: { lifetime: null } }, client);
    await minutePasses();
    await use(successor);
    assert.equal(await minutesLeft(old), undefined);
  });

  test('is ended and used by the same statement', async () => {
    const successor = await successorOf(old);
    await use(successor, old);
    assert.equal(await minutesLeft(old), 24 * 60);
    assert.ok((await details(old)).lastUsedAt && (await details(successor)).lastUsedAt);
  });

  test('ends later if its successor was used while it was removed', async () => {
    const successor = await successorOf(old);
    await removeKey(on.db, owner, old, 'Linode Manager');
    await use(successor);
    await undoRemovals(on.db, owner, [old], client);
    assert.equal(await minutesLeft(old), undefined);
    await minutePasses();
    await use(successor);
    assert.equal(await minutesLeft(old), 24 * 60);
  });

  test('is not ended by a successor that was removed before its use was recorded', async () => {
    const successor = await successorOf(old);
    await removeKey(on.db, owner, successor, 'Linode Manager');
    await use(successor);
    assert.equal(await minutesLeft(old), undefined);
  });

  test('is removed at once where there is no overlap, and can be restored', async () => {
    const successor = await successorOf(old, { overlap: 0 });
    assert.equal((await details(old)).stage, 'undoable');
    await undoRemovals(on.db, owner, [old], client);
    await use(successor);
    assert.deepEqual([(await details(old)).stage, await minutesLeft(old)], ['active', undefined]);
  });

  test('stays paused, while its successor works', async () => {
    await pauseKeys(on.db, owner, [old], 'until resumed', client);
    const successor = await successorOf(old);
    assert.equal((await details(old)).stage, 'paused');
    assert.equal((await details(successor)).stage, 'active');
  });

  test('gets another successor in the place of one that was never used', async () => {
    const first = await successorOf(old);
    await set(first, `expires_at = now() - interval '1 second'`);
    const second = await successorOf(old);
    assert.equal((await details(first)).stage, 'undoable');
    assert.equal((await details(old)).successor?.id, second);
    // Rotating an unused successor rotates the key that it replaces.
    const third = await successorOf(second);
    assert.equal((await details(second)).stage, 'undoable');
    assert.equal((await details(old)).successor?.id, third);
    assert.equal((await details(third)).predecessor?.id, old);
  });

  test('gets no other successor once that is used, but the successor can be rotated', async () => {
    const first = await successorOf(old);
    await use(first);
    assert.deepEqual(await rotate(on.db, owner, old), {
      outcome: 'successor used',
      successorId: first,
    });
    const second = await successorOf(first);
    assert.equal((await details(second)).predecessor?.id, first);
    await use(second);
    assert.equal(await minutesLeft(first), 24 * 60);
  });

  test('gets a further successor, which ends it again, when a used one was removed', async () => {
    const first = await successorOf(old);
    await use(first);
    await removeKey(on.db, owner, first, 'Linode Manager');
    const second = await successorOf(old, { overlap: 1 });
    await use(second);
    assert.equal(await minutesLeft(old), 60);
  });

  test('that has ended is not replaced again: rotating its unused successor replaces the successor', async () => {
    const first = await successorOf(old, { overlap: 0 });
    const second = await successorOf(first);
    assert.equal((await details(first)).stage, 'active');
    assert.equal((await details(second)).predecessor?.id, first);
  });

  test('keeps its successor when the removal of an earlier one is undone', async () => {
    const first = await successorOf(old);
    const second = await successorOf(old);
    await undoRemovals(on.db, owner, [first], client);
    assert.deepEqual(
      [(await details(first)).stage, (await details(first)).predecessor],
      ['active', null],
    );
    assert.equal((await details(old)).successor?.id, second);
    const removals = [first, second].map((id) => removeKey(on.db, owner, id, 'Linode Manager'));
    await Promise.all(removals);
    await set(first, `replaces_id = ${old}`);
    await undoRemovals(on.db, owner, [first, second], client);
    assert.equal((await details(old)).successor?.id, second);
    assert.equal((await details(first)).stage, 'active');
  });

  test('is rotated once by a request that is repeated, also after its removal', async () => {
    for (const overlap of [0, 24] as const) {
      const id = await addKey(on.db, owner);
      const request = { requestId: randomUUID(), overlap };
      const successor = await successorOf(id, request);
      const again = await Promise.all([1, 2, 3].map(() => rotate(on.db, owner, id, request)));
      assert.deepEqual(again, Array(3).fill({ outcome: 'created before' }));
      assert.equal((await details(successor)).stage, 'active');
    }
  });

  test('has one successor, however many rotations come at once', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => rotate(on.db, owner, old)));
    const ids = results.map((result) => (result.outcome === 'created' ? result.id : 0));
    const stages = await Promise.all(ids.map(async (id) => (await details(id)).stage));
    assert.equal(stages.filter((stage) => stage === 'active').length, 1);
    const last = ids[stages.indexOf('active')];
    assert.equal((await details(old)).successor?.id, last);
  });

  test("can't be another user's, and stays as it is if the new date is refused", async () => {
    const other = await addUser(on.db, `other${users}`);
    assert.deepEqual(await rotate(on.db, other, old), { outcome: 'not found' });
    const past = await rotate(on.db, owner, old, { expiry: { at: '2014-02-13T07:42' } });
    assert.deepEqual(past, { outcome: 'bad expiry', problem: 'past' });
    assert.equal((await details(old)).successor, null);
  });

  test('has events that name both keys', async () => {
    const first = newKey();
    await rotate(on.db, owner, old, first);
    const second = newKey();
    await rotate(on.db, owner, old, { ...second, overlap: 'until removed' });
    const events = await on.db
      .selectFrom('events')
      .select(['kind', 'details'])
      .where('user_id', '=', owner)
      .orderBy('id')
      .offset(1)
      .execute();
    const { prefix } = await details(old);
    const of = (key: string) => ({ label: 'a label', prefix: key });
    assert.deepEqual(events, [
      { kind: 'key made', details: of(first.prefix) },
      {
        kind: 'key rotated',
        details: { ...of(prefix), successor: first.prefix, overlapHours: 24 },
      },
      { kind: 'key made', details: of(second.prefix) },
      {
        kind: 'key rotated',
        details: { ...of(prefix), successor: second.prefix, overlapHours: null },
      },
      { kind: 'key removed', details: of(first.prefix) },
    ]);
  });
});
