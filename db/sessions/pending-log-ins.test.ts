import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { disableTwoFactor, enableTwoFactor } from '../two-factor.ts';
import { changePasswordDigest, insertUser, setDisabled } from '../users.ts';
import { keepAnonymousSession } from './change.ts';
import { endSession } from './end.ts';
import { findSession } from './find.ts';
import { findPendingUser, insertPendingLogIn } from './pending-log-ins.ts';

describeOnEachDatabase('a log in that waits for its code', (on) => {
  let serial = 0;
  let username: string;
  let userId: number;
  let id: string;
  beforeEach(async () => {
    username = `user${++serial}`;
    userId = (await insertUser(on.db, { username, passwordDigest: 'the digest' })) ?? 0;
    id = randomUUID();
    await on.db.transaction().execute(async (trx) => {
      await enableTwoFactor(trx, userId, Buffer.from('a secret'), 0);
      const logIn = {
        id,
        userId,
        csrfSecret: 'csrf',
        ip: null,
        userAgent: 'test',
        deviceId: undefined,
      };
      await insertPendingLogIn(trx, { ...logIn, passwordDigest: 'the digest' });
    });
  });

  const pendingUser = () => on.db.transaction().execute((trx) => findPendingUser(trx, id));

  async function setAge(interval: RawBuilder<Date>) {
    await sql`update sessions set created_at = now() - ${interval} where pending_user_id = ${userId}`.execute(
      on.db,
    );
  }

  test('is a session without a user, which names the user whose code it waits for', async () => {
    const session = await findSession(on.db, id);
    assert.equal(session?.user, undefined);
    assert.equal(session?.recentlyAuthenticated, false);
    assert.deepEqual(session?.pendingLogIn, { userId, isOver: false });
    assert.equal((await pendingUser())?.username, username);
  });

  test('can be finished for five minutes, and the log-in form does not prolong that', async () => {
    await setAge(sql`interval '4 minutes 59 seconds'`);
    assert.ok(await pendingUser());
    await setAge(sql`interval '5 minutes'`);
    await keepAnonymousSession(on.db, id, 'csrf');
    assert.equal(await pendingUser(), undefined);
    const session = await findSession(on.db, id);
    assert.deepEqual(session?.pendingLogIn, { userId, isOver: true });
  });

  const changes: [string, () => Promise<unknown>][] = [
    ['the password was changed', () => changePasswordDigest(on.db, userId, 'another digest')],
    ['the user was disabled', () => setDisabled(on.db, username, true)],
    ['the session has ended', () => endSession(on.db, id)],
    [
      'two-factor authentication was disabled',
      () => on.db.transaction().execute((trx) => disableTwoFactor(trx, userId)),
    ],
  ];
  for (const [what, change] of changes) {
    test(`can't be finished once ${what}`, async () => {
      await change();
      assert.equal(await pendingUser(), undefined);
    });
  }

  test('can never have a user too', async () => {
    const adding = sql`update sessions set user_id = pending_user_id where pending_user_id = ${userId}`;
    await assert.rejects(adding.execute(on.db), /sessions_pending_without_user/);
  });

  test('holds nothing that the password could be guessed with', async () => {
    const { rows } = await sql<{ text: string }>`
      select s::text as text from sessions s where pending_user_id = ${userId}`.execute(on.db);
    assert.ok(!rows[0]?.text.includes('the digest'));
  });
});
