import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { editKey } from '../../db/api-keys/edit.ts';
import { pauseKeys, resumeKeys } from '../../db/api-keys/pause.ts';
import {
  removeKeys,
  removePresentedKey,
  reportLeakedKey,
  undoRemovals,
} from '../../db/api-keys/remove.ts';
import type { KeyAction } from '../../db/api-keys/transitions.ts';
import { recordKeyUses } from '../../db/api-keys/uses.ts';
import { describeOnEachDatabase } from '../../db/testing/describe.ts';
import { addKey, addUser, client, newKey } from '../../db/testing/rows.ts';
import * as userChanges from '../../db/user-changes.ts';
import { createKey } from './create.ts';
import { rotateKey } from './rotate.ts';

type Change = () => Promise<unknown>;

describeOnEachDatabase('what checks see', (on) => {
  let users = 0;
  let user: { id: number; username: string };
  let key: { id: number; digest: Buffer };
  beforeEach(async () => {
    const username = `user${++users}`;
    user = { id: await addUser(on.db, username), username };
    const created = newKey();
    key = { id: await addKey(on.db, user.id, created), digest: created.digest };
  });

  const remove = () => removeKeys(on.db, user.id, [key.id], 'Linode Manager', client);
  const request = () => {
    const { label, lifetime, timeZone, requestId, via } = newKey();
    return { label, lifetime, timeZone, requestId, via };
  };
  const rotate = () => {
    const { requestId, timeZone } = newKey();
    const rotation = { requestId, timeZone, overlap: 24, expiry: 'same' } as const;
    return rotateKey(on.db, user.id, key.id, rotation, client);
  };
  const createdId = async () => {
    const { id } = await on.db
      .selectFrom('api_keys')
      .select('id')
      .where('user_id', '=', user.id)
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    return id;
  };
  const edit = () => {
    const changes = { label: 'another', note: '', timeZone: 'UTC' };
    const expiry = { lifetime: { hours: 1 } };
    return editKey(on.db, user.id, key.id, { ...changes, expiry }, client);
  };

  // Each action with a key and each function of db/user-changes.ts is here, or the types are wrong.
  const changes: Record<KeyAction | 'create', { before?: Change; change: Change }> = {
    create: { change: () => createKey(on.db, user, request(), client) },
    edit: { change: edit },
    rotate: { change: rotate },
    pause: { change: () => pauseKeys(on.db, user.id, [key.id], 'until resumed', client) },
    resume: {
      before: () => pauseKeys(on.db, user.id, [key.id], 'until resumed', client),
      change: () => resumeKeys(on.db, user.id, [key.id], client),
    },
    remove: { change: remove },
    'remove as leaked': { change: () => reportLeakedKey(on.db, key.digest) },
    'remove itself': {
      change: () => removePresentedKey(on.db, { userId: user.id, id: key.id }, client),
    },
    undo: { before: remove, change: () => undoRemovals(on.db, user.id, [key.id], client) },
    'be replaced': {
      before: rotate,
      change: async () => recordKeyUses(on.db, [{ keyId: await createdId(), ...client }]),
    },
  };
  const ofUsers: Record<keyof typeof userChanges, Change | 'checks do not see it'> = {
    addUser: 'checks do not see it',
    setPassword: 'checks do not see it',
    turnOffTwoFactor: 'checks do not see it',
    disableUser: () => userChanges.disableUser(on.db, user, client),
    enableUser: () => userChanges.enableUser(on.db, user, client),
    setPermissions: () => userChanges.setPermissions(on.db, user, ['*'], client),
  };

  for (const [name, { before = async () => {}, change }] of Object.entries(changes)) {
    test(`is changed on all standbys when a key was changed: ${name}`, async () => {
      await before();
      assert.deepEqual(await levelsOf(change), ['remote_apply']);
    });
  }
  for (const [name, change] of Object.entries(ofUsers)) {
    if (typeof change === 'string') continue;
    test(`is changed on all standbys when a user was changed: ${name}`, async () => {
      assert.deepEqual(await levelsOf(change), ['remote_apply']);
    });
  }

  test('is not changed on all standbys by an ordinary change, which this test detects', async () => {
    const change = () =>
      on.db
        .updateTable('users')
        .set({ permissions: ['*'] })
        .where('id', '=', user.id)
        .execute();
    assert.deepEqual(await levelsOf(change), ['on']);
  });

  /** With which settings of `synchronous_commit` a change writes keys and users. */
  async function levelsOf(change: Change): Promise<string[]> {
    await sql`create table levels (level text not null)`.execute(on.db);
    await sql`create function note_level() returns trigger language plpgsql as $$
      begin
        insert into levels values (current_setting('synchronous_commit'));
        return null;
      end $$`.execute(on.db);
    for (const table of ['api_keys', 'users']) {
      await sql`create trigger note_level after insert or update or delete on ${sql.table(table)}
        for each row execute function note_level()`.execute(on.db);
    }
    try {
      await change();
      const { rows } = await sql<{ level: string }>`select distinct level from levels`.execute(
        on.db,
      );
      return rows.map(({ level }) => level);
    } finally {
      await sql`drop function note_level cascade`.execute(on.db);
      await sql`drop table levels`.execute(on.db);
    }
  }
});
