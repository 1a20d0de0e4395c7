import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../testing/describe-app.ts';
import { PASSWORD } from '../../testing/users.ts';
import type { Answer, Visitor } from '../../testing/visitor.ts';

const PAGE = '/profile/password';
const NEW = 'a new and better password';

describeApp('/profile/password', (on) => {
  async function newPerson() {
    const visitor = await on.app.signInNewUser();
    return { username: visitor.username, visitor };
  }

  async function change(visitor: Visitor, fields: Record<string, string> = {}) {
    await visitor.get(PAGE);
    return visitor.post(PAGE, {
      current_password: PASSWORD,
      new_password: NEW,
      new_password_again: NEW,
      ...fields,
    });
  }

  const isSignedIn = async (visitor: Visitor) => (await visitor.get('/')).status === 200;

  test('changes the password, under a new session id, and ends the other sessions', async () => {
    const { username, visitor } = await newPerson();
    const other = await on.app.signIn(username);
    const before = visitor.cookieHeader();
    const answer = await change(visitor);
    assert.equal(answer.status, 303);
    assert.equal(answer.location, PAGE);
    assert.match((await visitor.get(PAGE)).body, /Your password has been changed\./);
    assert.notEqual(visitor.cookieHeader(), before);
    assert.equal(await isSignedIn(other), false);
    assert.equal((await on.app.newVisitor().get('/', { cookie: before })).status, 303);
    assert.equal((await on.app.newVisitor().logIn(username)).status, 401);
    assert.equal((await on.app.newVisitor().logIn(username, NEW)).status, 303);
  });

  test('a wrong current password has its message at the field, and nothing changes', async () => {
    const { username, visitor } = await newPerson();
    const { status, body } = await change(visitor, { current_password: 'wrong password' });
    assert.equal(status, 422);
    assert.match(body, /id="current-password-problem">That is not your password\. Try again\./);
    assert.ok(!body.includes(NEW));
    assert.equal((await on.app.newVisitor().logIn(username)).status, 303);
  });

  const refused = [
    ['1234567', /^Use at least 8 characters\.$/],
    ['é'.repeat(37), /at most 72 bytes/],
    ['Password1', /one of the most common passwords, and among the first an attacker will try\./],
    ['Password123!', /among the first an attacker will try\./],
    ['Linode Manager', /the name of this app with little added/],
    [PASSWORD, /^This is your current password\. Choose another one\.$/],
    ['qwertyuiop', /one of the most common passwords/],
  ] as const;
  for (const [password, sentence] of refused) {
    test(`${password} is refused as a new password, with a message at the field`, async () => {
      const { username, visitor } = await newPerson();
      const answer = await change(visitor, {
        new_password: password,
        new_password_again: password,
      });
      assert.equal(answer.status, 422);
      assert.match(/id="new-password-problem">([^<]+)/.exec(answer.body)?.[1] ?? '', sentence);
      assert.equal((await on.app.newVisitor().logIn(username)).status, 303);
    });
  }

  test('the user name twice is refused as a new password', async () => {
    const { username, visitor } = await newPerson();
    const twice = username + username;
    const answer = await change(visitor, { new_password: twice, new_password_again: twice });
    assert.equal(answer.status, 422);
    assert.match(answer.body, /id="new-password-problem">This is the user name/);
  });

  test('the current password is refused in another Unicode form, and only when it is right', async () => {
    const { visitor } = await newPerson();
    const [one, other] = ['cafe\u0301 au lait', 'caf\u00e9 au lait'];
    await change(visitor, { new_password: one, new_password_again: one });
    const fields = { new_password: other, new_password_again: other };
    const same = await change(visitor, { ...fields, current_password: one });
    assert.equal(same.status, 422);
    assert.match(same.body, /This is your current password/);
    const guessed = await change(visitor, { ...fields, current_password: `${other}.` });
    assert.doesNotMatch(guessed.body, /This is your current password/);
  });

  test('passwords are the same in every Unicode form, in each of the fields', async () => {
    const { username, visitor } = await newPerson();
    const [one, other] = ['cafe\u0301 au lait', 'caf\u00e9 au lait'];
    const first = await change(visitor, { new_password: one, new_password_again: other });
    assert.equal(first.status, 303);
    assert.equal((await on.app.newVisitor().logIn(username, one)).status, 303);
    assert.equal((await on.app.newVisitor().logIn(username, other)).status, 303);
    assert.equal((await visitor.authenticate(one)).location, '/profile');
    assert.equal((await change(visitor, { current_password: other })).status, 303);
  });

  test('both entries of the new password must match', async () => {
    const { visitor } = await newPerson();
    const { status, body } = await change(visitor, { new_password_again: `${NEW}.` });
    assert.equal(status, 422);
    assert.match(body, /id="new-password-again-problem">The passwords do not match\./);
  });

  test('the old password cannot log in while it is being changed', async () => {
    const { username, visitor } = await newPerson();
    const earlier = on.app.newVisitor();
    const later = on.app.newVisitor();
    await later.get('/login');

    const changeCheck = on.app.holdNextPasswordCheck();
    const changing = change(visitor);
    await changeCheck.reached;
    assert.equal((await earlier.logIn(username)).status, 303);
    assert.equal(await isSignedIn(earlier), true);

    const logInCheck = on.app.holdNextPasswordCheck();
    const loggingIn = later.post('/login', { username, password: PASSWORD });
    await logInCheck.reached;
    changeCheck.release();
    assert.equal((await changing).status, 303);
    logInCheck.release();
    assert.equal((await loggingIn).status, 401);

    assert.equal(await isSignedIn(visitor), true);
    assert.equal(await isSignedIn(earlier), false);
    assert.equal(await isSignedIn(later), false);
  });

  test("lists only the user's own sessions, and marks the current one", async () => {
    const { username, visitor } = await newPerson();
    await newPerson();
    await on.app.signIn(username);
    const { body } = await visitor.get(PAGE);
    assert.equal(body.match(/id="session-\d+"/g)?.length, 2);
    assert.equal(body.match(/This session/g)?.length, 1);
    assert.match(body, /127\.0\.0\.1<\/th>\s*<td[^>]*>node<\/td>\s*<td[^>]*>Right Now!/);
  });

  test('signs one session out, and says so', async () => {
    const { username, visitor } = await newPerson();
    const other = await on.app.signIn(username);
    const { body } = await visitor.get(PAGE);
    const path = /action="(\/profile\/password\/sessions\/\d+)"/.exec(body)?.[1] ?? '';
    const answer = await visitor.post(path);
    assert.equal(answer.location, PAGE);
    assert.match((await visitor.get(PAGE)).body, /That session has been signed out\./);
    assert.equal(await isSignedIn(other), false);
    assert.equal(await isSignedIn(visitor), true);
    assert.equal((await visitor.post(path)).status, 404);
    assert.equal((await visitor.get(path)).location, PAGE);
  });

  test('lists known devices too, and says which are trusted and which are signed out', async () => {
    const { username, visitor } = await newPerson();
    const other = await on.app.signIn(username);
    await other.get('/');
    await other.post('/logout');
    const states = async () =>
      [...(await visitor.get(PAGE)).body.matchAll(/data-column="Device">(\w+)</g)].map(
        ([, state]) => state,
      );
    assert.deepEqual(await states(), ['Known', 'Known']);
    assert.match((await visitor.get(PAGE)).body, />This session<[\s\S]+>Signed out</);
    await sql`update devices set trusted_until = now() + interval '1 day' where id =
      (select max(id) from devices)`.execute(on.db);
    assert.deepEqual(await states(), ['Known', 'Trusted']);
  });

  /** The path that the button `Forget` posts to: of the device in use, or of another one. */
  function forgetPath({ body }: Answer, { isInUse }: { isInUse: boolean }): string {
    const paths = body.split('<tr').flatMap((row) => {
      const path = /action="(\/profile\/password\/devices\/\d+)"/.exec(row)?.[1];
      return path !== undefined && row.includes('This session') === isInUse ? [path] : [];
    });
    return paths[0] ?? assert.fail('There is no such device.');
  }

  test('forgets a device, once, and signs nobody out', async () => {
    const { username, visitor } = await newPerson();
    const other = await on.app.signIn(username);
    const path = forgetPath(await visitor.get(PAGE), { isInUse: false });
    assert.equal((await visitor.post(path)).location, PAGE);
    assert.match((await visitor.get(PAGE)).body, /That device has been forgotten\./);
    assert.equal(await isSignedIn(other), true);
    const UNKNOWN = /Device">Unknown<\/td>\s*<td[^>]*>\s*<span>This session/;
    assert.match((await other.get(PAGE)).body, UNKNOWN);
    assert.equal((await visitor.post(path)).status, 404);
    assert.equal((await visitor.get(path)).location, PAGE);
  });

  test('the page says what it means to forget the device in use', async () => {
    const { visitor } = await newPerson();
    await visitor.post(forgetPath(await visitor.get(PAGE), { isInUse: true }));
    const { body } = await visitor.get(PAGE);
    assert.match(body, /You stay signed in; your next login here is as on a new device\./);
    assert.match(body, /Device">Unknown</);
    const { body: activity } = await visitor.get('/profile/activity');
    assert.match(activity, />Forgot a device</);
  });

  test("another user's device can't be forgotten", async () => {
    const { visitor: ada } = await newPerson();
    const { visitor: bob } = await newPerson();
    const path = forgetPath(await bob.get(PAGE), { isInUse: true });
    await ada.get(PAGE);
    for (const wrong of [path, `${PAGE}/devices/abc`, `${PAGE}/devices/0`]) {
      assert.equal((await ada.post(wrong)).status, 404);
    }
    assert.equal(forgetPath(await bob.get(PAGE), { isInUse: true }), path);
  });

  test("another user's session can't be ended", async () => {
    const { visitor: ada } = await newPerson();
    const { visitor: bob } = await newPerson();
    const [session] = await on.db
      .selectFrom('sessions')
      .select('id')
      .orderBy('id', 'desc')
      .limit(1)
      .execute();
    assert.ok(session);
    await ada.get(PAGE);
    for (const id of [session.id, 'abc', '0', '9999999999999999999999']) {
      assert.equal((await ada.post(`${PAGE}/sessions/${id}`)).status, 404);
    }
    assert.equal(await isSignedIn(bob), true);
  });

  test('Sign out everywhere else keeps the current session', async () => {
    const { username, visitor } = await newPerson();
    const others = [await on.app.signIn(username), await on.app.signIn(username)];
    await visitor.get(PAGE);
    assert.equal((await visitor.post(`${PAGE}/sessions`)).location, PAGE);
    assert.match((await visitor.get(PAGE)).body, /You are signed out everywhere else\./);
    for (const other of others) assert.equal(await isSignedIn(other), false);
    assert.equal(await isSignedIn(visitor), true);
  });

  test('what was done here is listed under Activity', async () => {
    const { visitor } = await newPerson();
    await change(visitor, { current_password: 'wrong password' });
    await change(visitor);
    const { secret } = await visitor.createKey();
    await visitor.post(`${PAGE}/sessions`);
    const { body } = await visitor.get('/profile/activity');
    const told = [...body.matchAll(/<span id="event-\d+">([^<]+)</g)].map(([, what]) => what);
    assert.deepEqual(told, [
      'Signed out everywhere else',
      `Created key ${secret.slice(0, 16)}…`,
      'Password changed',
      'Failed re-authentication',
      'Re-authenticated',
      'Logged in',
    ]);
    assert.match(body, /127\.0\.0\.1<br> <small>node<\/small>/);
  });
});
