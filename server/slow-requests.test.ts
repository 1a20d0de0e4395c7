// A session that was ended stays ended, whatever request was in flight at the time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setDisabled } from '../db/users.ts';
import { describeApp } from './testing/describe-app.ts';
import { PASSWORD } from './testing/users.ts';
import type { Answer, Visitor } from './testing/visitor.ts';

describeApp('a slow request', (on) => {
  async function newPerson() {
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile/authenticate');
    return { username: visitor.username, visitor };
  }

  /** Sends a request, and does something else while its password waits to be checked. */
  async function answerAfter(
    meanwhile: () => Promise<unknown>,
    send: () => Promise<Answer>,
  ): Promise<Answer> {
    const { reached, release } = on.app.holdNextPasswordCheck();
    const answer = send();
    await reached;
    await meanwhile();
    release();
    return answer;
  }

  async function isSignedIn(visitor: Visitor): Promise<boolean> {
    return (await visitor.get('/')).status === 200;
  }

  const endings: [string, (visitor: Visitor, username: string) => Promise<unknown>][] = [
    ['log out', (visitor) => visitor.post('/logout')],
    [
      'Sign out everywhere else',
      async (_visitor, username) => {
        const other = await on.app.signIn(username);
        await other.get('/profile/password');
        assert.equal((await other.post('/profile/password/sessions')).status, 303);
      },
    ],
    [
      'a change of password',
      async (_visitor, username) => {
        const other = await on.app.signIn(username);
        await other.get('/profile/password');
        const changed = await other.post('/profile/password', {
          current_password: PASSWORD,
          new_password: 'another battery',
          new_password_again: 'another battery',
        });
        assert.equal(changed.status, 303);
      },
    ],
    ['a disabled user', (_visitor, username) => setDisabled(on.db, username, true)],
  ];
  for (const [ending, end] of endings) {
    test(`Authenticate in flight cannot undo ${ending}`, async () => {
      const { username, visitor } = await newPerson();
      const before = visitor.cookieHeader();
      await answerAfter(
        () => end(visitor, username),
        () => visitor.post('/profile/authenticate', { password: PASSWORD, next: '' }),
      );
      assert.equal(await isSignedIn(visitor), false);
      assert.equal((await visitor.get('/', { cookie: before })).status, 303);
    });
  }

  test('a log in in flight cannot get past a disabled user', async () => {
    const username = await on.app.newUser();
    const visitor = on.app.newVisitor();
    await visitor.get('/login');
    const answer = await answerAfter(
      () => setDisabled(on.db, username, true),
      () => visitor.post('/login', { username, password: PASSWORD, next: '' }),
    );
    assert.equal(answer.status, 401);
    assert.equal(await isSignedIn(visitor), false);
  });
});
