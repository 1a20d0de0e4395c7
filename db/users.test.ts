import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from './testing/describe.ts';
import * as users from './users.ts';

describeOnEachDatabase('users in the database', (on) => {
  let id: number;
  before(async () => {
    assert.ok(await users.insertUser(on.db, { username: 'ada', passwordDigest: 'old' }));
    id = (await users.findUser(on.db, 'ada'))?.id ?? 0;
  });

  const lock = (digest: string) =>
    on.db.transaction().execute((trx) => users.lockUser(trx, id, digest));

  test('a name is unique and found in any case', async () => {
    assert.equal(await users.insertUser(on.db, { username: 'ada', passwordDigest: '' }), undefined);
    assert.equal((await users.findUser(on.db, 'ADA'))?.username, 'ada');
    assert.equal(await users.findUser(on.db, 'ad'), undefined);
  });

  test('a temporary password lapses after seven days, and any other change ends that', async () => {
    const state = async () => {
      const { isPasswordTemporary, isPasswordLapsed } = (await users.findUser(on.db, 'tim')) ?? {};
      return [isPasswordTemporary, isPasswordLapsed];
    };
    const pass = (days: string) =>
      sql`update users set password_lapses_at = password_lapses_at - ${days}::interval`.execute(
        on.db,
      );
    const tim = { username: 'tim', passwordDigest: 'first', isPasswordTemporary: true };
    const timId = (await users.insertUser(on.db, tim)) ?? 0;
    assert.deepEqual(await state(), [true, false]);
    await pass('6 days 23 hours');
    assert.deepEqual(await state(), [true, false]);
    await pass('1 hour');
    assert.deepEqual(await state(), [true, true]);
    await users.changePasswordDigest(on.db, timId, 'second', { isTemporary: true });
    assert.deepEqual(await state(), [true, false]);
    // The same password under another digest stays what it is.
    const checked = { id: timId, passwordDigest: 'second' };
    assert.equal(await users.replacePasswordDigest(on.db, checked, 'third'), true);
    assert.deepEqual(await state(), [true, false]);
    await users.changePasswordDigest(on.db, timId, 'fourth');
    assert.deepEqual(await state(), [false, false]);
  });

  test('a checked password is accepted only if it has not changed and the user is enabled', async () => {
    assert.equal(await lock('old'), true);
    await users.changePasswordDigest(on.db, id, 'new');
    assert.equal(await lock('old'), false);
    assert.equal(await lock('new'), true);
    await users.setDisabled(on.db, 'ada', true);
    assert.equal(await lock('new'), false);
    await users.setDisabled(on.db, 'ada', false);
    assert.equal(await lock('new'), true);
  });
});
