import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { disableTwoFactor, enableTwoFactor } from '../two-factor.ts';
import { changePasswordDigest, findUser, insertUser, lockUserById, setDisabled } from '../users.ts';
import { insertSession, keepAnonymousSession, markCodeAccepted, renewSession } from './change.ts';
import { endLogIn, endSession, endSessionsOf, sweepSessions } from './end.ts';
import { findSession, needsCode } from './find.ts';

/** A new CSRF secret, as each log in has. */
const secretOf = (id: string) => id.replaceAll('-', '');

describeOnEachDatabase('sessions in the database', (on) => {
  let userId: number;
  before(async () => {
    await insertUser(on.db, { username: 'ada', passwordDigest: '' });
    userId = (await findUser(on.db, 'ada'))?.id ?? 0;
  });

  async function newSession(): Promise<string> {
    const id = randomUUID();
    const session = { id, userId, csrfSecret: secretOf(id), ip: '203.0.113.7', userAgent: 'test' };
    await on.db.transaction().execute((trx) => insertSession(trx, session));
    return id;
  }

  const renew = (id: string, newId: string) =>
    on.db.transaction().execute(async (trx) => {
      await lockUserById(trx, userId);
      return renewSession(trx, id, newId);
    });

  type Times = 'seen_at' | 'expires_at' | 'authenticated_at' | 'created_at';
  async function move(column: Times, to: RawBuilder<Date>) {
    await on.db
      .updateTable('sessions')
      .set({ [column]: to })
      .execute();
  }

  test('a session is found by its id, with its user, not yet authenticated', async () => {
    const id = await newSession();
    const session = await findSession(on.db, id);
    assert.equal(session?.user?.username, 'ada');
    assert.equal(session?.csrfSecret, secretOf(id));
    assert.equal(session?.recentlyAuthenticated, false);
  });

  test('a password is recent for ten minutes after it was given, at log in or again', async () => {
    const id = await newSession();
    const isRecent = async (id: string) => (await findSession(on.db, id))?.isPasswordRecent;
    assert.equal(await isRecent(id), true);
    await move('created_at', sql`now() - interval '9 minutes 59 seconds'`);
    assert.equal(await isRecent(id), true);
    await move('created_at', sql`now() - interval '10 minutes'`);
    assert.equal(await isRecent(id), false);
    const newId = randomUUID();
    await renew(id, newId);
    assert.equal(await isRecent(newId), true);
    await move('authenticated_at', sql`now() - interval '10 minutes'`);
    assert.equal(await isRecent(newId), false);
  });

  test('a session says whether the password is temporary, and ends when the password lapses', async () => {
    const id = await newSession();
    const isTemporary = async () => (await findSession(on.db, id))?.user?.isPasswordTemporary;
    assert.equal(await isTemporary(), false);
    await changePasswordDigest(on.db, userId, '', { isTemporary: true });
    assert.equal(await isTemporary(), true);
    const lapse = sql`update users set password_lapses_at = now()`;
    await lapse.execute(on.db);
    assert.equal(await findSession(on.db, id), undefined);
    await changePasswordDigest(on.db, userId, '');
    assert.equal(await isTemporary(), false);
  });

  test('the table does not contain the id', async () => {
    const id = await newSession();
    const { rows } = await sql<{ text: string }>`select s::text as text from sessions s`.execute(
      on.db,
    );
    const asHex = Buffer.from(id).toString('hex').slice(0, 32);
    assert.ok(rows.length > 0);
    assert.ok(rows.every(({ text }) => !text.includes(id) && !text.includes(asHex)));
  });

  test("an ended session is not found and can't be restored", async () => {
    const id = await newSession();
    assert.equal(await endSession(on.db, id), true);
    assert.equal(await findSession(on.db, id), undefined);

    await keepAnonymousSession(on.db, id, 'secret');
    assert.equal(await renew(id, randomUUID()), false);
    assert.equal(await endSession(on.db, id), false);
    assert.equal(await findSession(on.db, id), undefined);
  });

  test('a renewed session continues only under its new id, authenticated now', async () => {
    const id = await newSession();
    const newId = randomUUID();
    assert.equal(await renew(id, newId), true);
    assert.equal(await findSession(on.db, id), undefined);
    const renewed = await findSession(on.db, newId);
    assert.equal(renewed?.user?.username, 'ada');
    assert.equal(renewed?.csrfSecret, secretOf(id));
    assert.equal(renewed?.recentlyAuthenticated, true);
  });

  test('a session that is renewed and ended at the same time ends', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await newSession();
      const newId = randomUUID();
      await Promise.all([
        renew(id, newId),
        on.db.transaction().execute(async (trx) => {
          await lockUserById(trx, userId);
          await endLogIn(trx, id);
        }),
      ]);
      assert.equal(await findSession(on.db, id), undefined);
      assert.equal(await findSession(on.db, newId), undefined);
    }
  });

  test('renewing does not extend the absolute end', async () => {
    const id = await newSession();
    const newId = randomUUID();
    await move('expires_at', sql`now() + interval '1 minute'`);
    await renew(id, newId);
    const { rows } =
      await sql`select 1 from sessions where expires_at > now() + interval '1 hour'`.execute(on.db);
    assert.equal(rows.length, 0);
    assert.ok(await findSession(on.db, newId));
  });

  const minutes = (count: number) => sql<Date>`now() - make_interval(mins => ${count})`;

  test('a session ends after 30 minutes without a request', async () => {
    const id = await newSession();
    await move('seen_at', minutes(29));
    assert.ok(await findSession(on.db, id));
    await move('seen_at', minutes(30));
    assert.equal(await findSession(on.db, id), undefined);
  });

  test('a session in use stays valid, and its last use is written at most once a minute', async () => {
    const id = await newSession();
    const seen = async () =>
      (
        await on.db
          .selectFrom('sessions')
          .select('seen_at')
          .where('ended_at', 'is', null)
          .orderBy('created_at', 'desc')
          .executeTakeFirst()
      )?.seen_at.getTime();
    const first = await seen();
    await findSession(on.db, id);
    assert.equal(await seen(), first);
    await move('seen_at', minutes(2));
    const before = await seen();
    await findSession(on.db, id);
    assert.notEqual(await seen(), before);
  });

  test('a session ends 12 hours after log in', async () => {
    const id = await newSession();
    const { rows } = await sql<{ hours: number }>`
      select extract(epoch from expires_at - created_at)::int / 3600 as hours
      from sessions order by created_at desc limit 1`.execute(on.db);
    assert.equal(rows[0]?.hours, 12);
    await move('expires_at', sql`now()`);
    assert.equal(await findSession(on.db, id), undefined);
  });

  test('the password counts as recent for 10 minutes, however busy the session is', async () => {
    const id = randomUUID();
    await renew(await newSession(), id);
    const isRecent = async () => (await findSession(on.db, id))?.recentlyAuthenticated;
    const locksAt = async () => (await findSession(on.db, id))?.lock?.at;
    await move('authenticated_at', sql`now() - interval '9 minutes 59 seconds'`);
    assert.equal(await isRecent(), true);
    assert.equal((await findSession(on.db, id))?.lock?.seconds, 1);
    await move('authenticated_at', minutes(10));
    assert.equal(await isRecent(), false);
    assert.equal(await isRecent(), false);
    assert.equal(await locksAt(), undefined);
    await move('authenticated_at', sql`timestamptz '2999-01-01 10:00Z'`);
    assert.deepEqual(await locksAt(), new Date('2999-01-01T10:10Z'));
  });

  test("a disabled user's session is not found", async () => {
    const id = await newSession();
    await setDisabled(on.db, 'ada', true);
    assert.equal(await findSession(on.db, id), undefined);
    await setDisabled(on.db, 'ada', false);
  });

  test("ending a user's sessions ends all of them and no other user's", async () => {
    const ids = [await newSession(), await newSession()];
    const anonymous = randomUUID();
    await keepAnonymousSession(on.db, anonymous, 'secret');
    await endSessionsOf(on.db, 'ADA');
    for (const id of ids) assert.equal(await findSession(on.db, id), undefined);
    assert.ok(await findSession(on.db, anonymous));
  });

  test("a visitor's session is valid for 15 minutes, and is deleted afterwards", async () => {
    const id = randomUUID();
    await keepAnonymousSession(on.db, id, 'secret');
    const found = await findSession(on.db, id);
    assert.deepEqual(found, {
      csrfSecret: 'secret',
      user: undefined,
      recentlyAuthenticated: false,
      isPasswordRecent: false,
      lock: undefined,
      needsCode: false,
      deviceId: undefined,
      pendingLogIn: undefined,
    });
    const { rows } = await sql<{ minutes: number }>`
      select extract(epoch from expires_at - created_at)::int / 60 as minutes
      from sessions where user_id is null order by created_at desc limit 1`.execute(on.db);
    assert.equal(rows[0]?.minutes, 15);

    await move('expires_at', sql`now() - interval '1 second'`);
    const alive = await newSession();
    await sweepSessions(on.db);
    assert.equal(await findSession(on.db, id), undefined);
    assert.ok(await findSession(on.db, alive));
    const left = await on.db.selectFrom('sessions').select('digest').execute();
    assert.equal(left.length, 1);
  });

  test('a code counts for ten minutes in its session, also after the session was renewed', async () => {
    await on.db.transaction().execute((trx) => enableTwoFactor(trx, userId, Buffer.from('x'), 0));
    const isCodeMissing = async (id: string) => {
      const found = (await findSession(on.db, id))?.needsCode;
      assert.equal(await needsCode(on.db, id), found);
      return found;
    };
    const first = await newSession();
    const other = await newSession();
    assert.equal(await isCodeMissing(first), true);
    await on.db.transaction().execute((trx) => markCodeAccepted(trx, first));
    assert.equal(await isCodeMissing(first), false);
    assert.equal(await isCodeMissing(other), true);

    const renewed = randomUUID();
    await renew(first, renewed);
    assert.equal(await isCodeMissing(renewed), false);
    await sql`update sessions set code_accepted_at = now() - interval '10 minutes'`.execute(on.db);
    assert.equal(await isCodeMissing(renewed), true);

    await on.db.transaction().execute((trx) => disableTwoFactor(trx, userId));
    assert.equal(await isCodeMissing(other), false);
    await endSessionsOf(on.db, 'ada');
    const mark = on.db.transaction().execute((trx) => markCodeAccepted(trx, other));
    assert.equal(await mark, false);
  });
});
