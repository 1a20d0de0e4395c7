import assert from 'node:assert/strict';
import { before, test } from 'node:test';
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
