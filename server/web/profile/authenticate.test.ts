import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../testing/describe-app.ts';
import { PASSWORD } from '../../testing/users.ts';

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

  test('it lasts 10 minutes from the authentication, not from the last request', async () => {
    const visitor = await on.app.signInNewUser();
    assert.equal((await visitor.get('/profile')).status, 200);
    await agePasswords();
    assert.equal((await visitor.get('/profile')).status, 303);
    await visitor.authenticate();
    assert.equal((await visitor.get('/profile')).status, 200);
  });

  test('a create after the lock creates nothing, and keeps what was typed', async () => {
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

  test('a log out while the password is checked takes precedence', async () => {
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
});
