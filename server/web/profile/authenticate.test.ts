import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../testing/describe-app.ts';
import { newPhone, type Phone } from '../../testing/two-factor.ts';
import { PASSWORD } from '../../testing/users.ts';
import type { Visitor } from '../../testing/visitor.ts';

describeApp('/profile/authenticate', (on) => {
  const signIn = () => on.app.signInNewUser({ authenticate: false });

  async function agePasswords() {
    await on.db
      .updateTable('sessions')
      .set({ authenticated_at: sql<Date>`authenticated_at - interval '10 minutes'` })
      .execute();
  }

  test('logging in does not count: every page under /profile asks for the password', async () => {
    const visitor = await signIn();
    for (const path of [
      '/profile',
      '/profile/api-keys',
      '/profile/api-keys/1/remove',
      '/profile/x',
    ]) {
      const answer = await visitor.get(path);
      assert.equal(answer.status, 303);
      assert.equal(answer.location, `/profile/authenticate?next=${encodeURIComponent(path)}`);
    }
  });

  test('names the user, in case they forgot', async () => {
    const visitor = await signIn();
    const { body } = await visitor.get('/profile/authenticate');
    assert.ok(body.includes(`My Profile (${visitor.username}, in case you forgot)`));
    assert.match(body, /Re-authenticate to unlock these settings/);
  });

  test('the right password unlocks the profile, under a new session id', async () => {
    const visitor = await signIn();
    const before = visitor.cookieHeader();
    const answer = await visitor.authenticate();
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/profile');
    assert.notEqual(visitor.cookieHeader(), before);
    assert.equal((await visitor.get('/profile')).status, 200);
    assert.equal((await on.app.newVisitor().get('/', { cookie: before })).location, '/login');
  });

  test('leads on to next, which a wrong password does not lose', async () => {
    const visitor = await signIn();
    const next = '/profile/api-keys?label=ci&expires=3-months';
    await visitor.get('/profile/authenticate');
    const wrong = await visitor.post('/profile/authenticate', { password: 'wrong', next });
    assert.equal(wrong.status, 401);
    assert.match(wrong.body, /That is not your password\. Try again\./);
    assert.match(
      wrong.body,
      /name="next" value="\/profile\/api-keys\?label=ci&amp;expires=3-months"/,
    );
    assert.ok(!wrong.body.includes('value="wrong"'));
    const right = await visitor.post('/profile/authenticate', { password: PASSWORD, next });
    assert.equal(right.location, next);
  });

  test('next is not followed to other sites', async () => {
    const visitor = await signIn();
    await visitor.get('/profile/authenticate');
    const next = '//evil.example';
    const answer = await visitor.post('/profile/authenticate', { password: PASSWORD, next });
    assert.equal(answer.location, '/profile');
  });

  test('a form in another tab still works', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile/api-keys');
    const { csrfToken, requestId } = visitor;
    await visitor.authenticate();
    const answer = await visitor.post('/profile/api-keys', {
      _csrf: csrfToken,
      request_id: requestId,
      label: 'from the other tab',
      expires: 'never',
    });
    assert.equal(answer.status, 200);
  });

  test('a re-authentication lasts 10 minutes, which further requests do not prolong', async () => {
    const visitor = await on.app.signInNewUser();
    assert.equal((await visitor.get('/profile')).status, 200);
    await agePasswords();
    assert.equal((await visitor.get('/profile')).status, 303);
    await visitor.authenticate();
    assert.equal((await visitor.get('/profile')).status, 200);
  });

  test('a form for a new key after the lock creates nothing, and keeps what was typed', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile/api-keys');
    await agePasswords();
    const late = await visitor.post('/profile/api-keys', {
      label: `${'W'.repeat(130)}`,
      expires: '3-months',
      request_id: visitor.requestId,
    });
    assert.equal(late.status, 303);
    const next = new URL(late.location ?? '', on.app.origin).searchParams.get('next') ?? '';
    assert.equal(next, `/profile/api-keys?label=${'W'.repeat(128)}&expires=3-months&not_done=1`);
    assert.ok(!late.location?.includes(visitor.requestId));

    await visitor.get(late.location ?? '');
    const right = await visitor.post('/profile/authenticate', { password: PASSWORD, next });
    const { body } = await visitor.get(right.location ?? '');
    assert.match(body, /name="label" value="W{128}"/);
    assert.match(body, /<option value="3-months" selected>/);
    assert.ok(!body.includes('W'.repeat(129)));
  });

  test('a removal after the lock leads back to its question', async () => {
    const visitor = await on.app.signInNewUser();
    const { id } = await visitor.createKey();
    await agePasswords();
    const late = await visitor.post(`/profile/api-keys/${id}/remove`);
    const question = `/profile/api-keys/${id}/remove?not_done=1`;
    assert.equal(late.location, `/profile/authenticate?next=${encodeURIComponent(question)}`);
    await visitor.authenticate();
    assert.equal((await visitor.get(question)).status, 200);
  });

  test('a log out while Authenticate checks the password takes precedence', async () => {
    const visitor = await signIn();
    await visitor.get('/profile/authenticate');
    const cookie = visitor.cookieHeader();
    const { reached, release } = on.app.holdNextPasswordCheck();
    const checking = visitor.post('/profile/authenticate', { password: PASSWORD });
    await reached;
    await visitor.post('/logout', {}, { cookie });
    release();
    const checked = await checking;
    assert.equal(checked.location, '/login');
    assert.equal(checked.headers.get('set-cookie'), null);
    assert.equal((await visitor.get('/profile')).location, '/login?next=%2Fprofile');
  });

  test('a log out with the id that Authenticate has just replaced ends the new session', async () => {
    const visitor = await signIn();
    const before = { cookie: visitor.cookieHeader() };
    await visitor.authenticate();
    assert.equal((await visitor.get('/profile')).status, 200);
    const answer = await on.app.newVisitor().post('/logout', {}, before);
    assert.equal(answer.location, '/login');
    assert.equal((await visitor.get('/')).location, '/login');
  });

  test('success and failure to authenticate are events', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.authenticate('wrong');
    const events = await on.db
      .selectFrom('events')
      .select('kind')
      .orderBy('id', 'desc')
      .limit(3)
      .execute();
    assert.deepEqual(
      events.map((event) => event.kind),
      ['failed authentication', 'authenticated', 'log in'],
    );
  });

  describe('of a user with two-factor authentication', () => {
    const PAGE = '/profile/authenticate';
    const TOKEN_ROW = /<label for="token">Token<\/label>/;
    let visitor: Visitor;
    let phone: Phone;
    beforeEach(async () => {
      const username = await on.app.newUser();
      phone = await newPhone(on.db, username);
      visitor = on.app.newVisitor();
      await visitor.logIn(username);
      await visitor.enterCode(await phone.code());
    });

    /** As if ten minutes had passed since the last code of each session. */
    const ageCodes = () =>
      sql`update sessions set code_accepted_at = code_accepted_at - interval '10 minutes'`.execute(
        on.db,
      );

    test('the password is enough for ten minutes after a code', async () => {
      assert.doesNotMatch((await visitor.get(PAGE)).body, TOKEN_ROW);
      assert.equal((await visitor.authenticate()).location, '/profile');
      await ageCodes();
      assert.equal((await visitor.get('/profile')).status, 200);
    });

    test('then the same form has a row for the code, and needs both', async () => {
      await ageCodes();
      assert.match((await visitor.get(PAGE)).body, TOKEN_ROW);
      const right = await phone.unusedCode();
      for (const [password, token] of [
        ['not the password', right],
        [PASSWORD, await phone.wrongCode()],
        [PASSWORD, ''],
      ] as const) {
        const answer = await visitor.authenticate(password, token);
        assert.equal(answer.status, 401);
        assert.match(answer.body, TOKEN_ROW);
        assert.match(answer.body, /The password or the token is wrong\. Try again\./);
        assert.ok(!answer.body.includes(token === '' ? password : token));
      }
      assert.match((await visitor.get('/profile')).location ?? '', /^\/profile\/authenticate/);
      const before = visitor.cookieHeader();
      assert.equal((await visitor.authenticate(PASSWORD, right)).location, '/profile');
      assert.notEqual(visitor.cookieHeader(), before);
      assert.equal((await visitor.get('/profile')).status, 200);
      // This code counts for ten minutes again.
      assert.doesNotMatch((await visitor.get(PAGE)).body, TOKEN_ROW);
    });

    test('on a trusted device the password is enough, and the row is back once trust ends', async () => {
      await ageCodes();
      const trust = (interval: string) =>
        sql`update devices set trusted_until = now() + ${interval}::interval`.execute(on.db);
      await trust('1 minute');
      assert.doesNotMatch((await visitor.get(PAGE)).body, TOKEN_ROW);
      assert.equal((await visitor.authenticate()).location, '/profile');
      assert.equal((await visitor.get('/profile')).status, 200);
      await trust('0');
      assert.match((await visitor.get(PAGE)).body, TOKEN_ROW);
      assert.equal((await visitor.authenticate()).status, 401);
    });

    test("another user's trusted device does not stand in for a code", async () => {
      await ageCodes();
      const bob = await on.app.signInNewUser();
      await sql`update devices set trusted_until = now() + interval '1 minute'
        where user_id = (select id from users where username = ${bob.username})`.execute(on.db);
      const ofDevice = ([name]: [string, string]) => name.startsWith('device-');
      const [name = ''] = [...visitor.cookies].find(ofDevice) ?? [];
      const [nameOfBob = '', valueOfBob = ''] = [...bob.cookies].find(ofDevice) ?? [];
      visitor.cookies.set(name, valueOfBob);
      visitor.cookies.set(nameOfBob, valueOfBob);
      assert.match((await visitor.get(PAGE)).body, TOKEN_ROW);
      assert.equal((await visitor.authenticate()).status, 401);
    });

    test('a code that was used is refused, with a message of its own', async () => {
      await ageCodes();
      const token = await phone.unusedCode();
      await visitor.authenticate(PASSWORD, token);
      await ageCodes();
      const answer = await visitor.authenticate(PASSWORD, token);
      assert.equal(answer.status, 401);
      assert.match(
        answer.body,
        /id="token-problem"[^>]*>This code has been used\. Wait for the next one\./,
      );
    });

    test('a scratch code is accepted', async () => {
      await ageCodes();
      const answer = await visitor.authenticate(PASSWORD, phone.scratchCodes[0]);
      assert.equal(answer.location, '/profile');
    });

    test('a code of one session counts for no other', async () => {
      const other = on.app.newVisitor();
      await other.logIn(visitor.username);
      await other.enterCode(phone.scratchCodes[0] ?? '');
      await sql`update sessions set code_accepted_at = null`.execute(on.db);
      await visitor.authenticate(PASSWORD, await phone.unusedCode());
      assert.match((await other.get(PAGE)).body, TOKEN_ROW);
    });

    test('a wait for the code says nothing about the password', async () => {
      await ageCodes();
      const wrong = await phone.wrongCode();
      for (let time = 0; time < 6; time++) await visitor.authenticate(PASSWORD, wrong);
      await sql`update throttle set open_at = open_at + interval '1 hour' where open_at > updated_at`.execute(
        on.db,
      );
      const right = await phone.unusedCode();
      for (const password of [PASSWORD, 'not the password']) {
        const answer = await visitor.authenticate(password, right);
        assert.equal(answer.status, 429);
        assert.match(answer.body, /Too many failed attempts/);
      }
      await sql`delete from throttle`.execute(on.db);
    });

    test('wrong codes do not count as wrong passwords', async () => {
      await ageCodes();
      const wrong = await phone.wrongCode();
      for (let time = 0; time < 5; time++) await visitor.authenticate(PASSWORD, wrong);
      const { rows } = await sql`select from throttle where failures > 0`.execute(on.db);
      assert.equal(rows.length, 1);
      await visitor.authenticate(PASSWORD, await phone.unusedCode());
      const { rows: after } = await sql`select from throttle where failures > 0`.execute(on.db);
      assert.equal(after.length, 0);
    });
  });

  test('without two-factor authentication the form has no row for a code', async () => {
    const visitor = await signIn();
    assert.doesNotMatch((await visitor.get('/profile/authenticate')).body, /[Tt]oken<\/label>/);
    const { body } = await visitor.authenticate('not the password');
    assert.match(body, /That is not your password\. Try again\./);
    assert.doesNotMatch(body, /for="token"/);
  });
});
