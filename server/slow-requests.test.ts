// What ends a session ends it for good, whatever was in flight when it did.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../db/testing/each-database.ts';
import { setDisabled } from '../db/users.ts';
import { startApp } from './testing/app.ts';
import { addUser, PASSWORD } from './testing/users.ts';
import type { Answer, Visitor } from './testing/visitor.ts';

describeOnEachDatabase('a slow request', (on) => {
  let app: Awaited<ReturnType<typeof startApp>>;
  let serial = 0;
  before(async () => {
    app = await startApp(on.db, {}, on.location);
  });
  after(() => app.close());

  async function newPerson() {
    const username = `person${++serial}`;
    await addUser(on.db, username);
    const visitor = await app.signIn(username);
    await visitor.get('/profile/authenticate');
    return { username, visitor };
  }

  /** Sends it, keeps the one thread that checks passwords busy, and comes back when it waits for it. */
  async function begun(send: () => Promise<Answer>): Promise<{ answer: Promise<Answer> }> {
    await sql`delete from throttle`.execute(on.db);
    for (let n = 0; n < 5; n++) void app.passwords.verify('x', undefined);
    const answer = send();
    const isWaiting = async () => (await sql`select from throttle`.execute(on.db)).rows.length > 0;
    while (!(await isWaiting())) await setImmediate();
    return { answer };
  }

  async function isSignedIn(visitor: Visitor): Promise<boolean> {
    return (await visitor.get('/')).status === 200;
  }

  const endings: [string, (visitor: Visitor, username: string) => Promise<unknown>][] = [
    ['log out', (visitor) => visitor.post('/logout')],
    [
      'Sign out everywhere else',
      async (_visitor, username) => {
        const other = await app.signIn(username);
        await other.get('/profile/password');
        assert.equal((await other.post('/profile/password/sessions')).status, 303);
      },
    ],
    [
      'a change of password',
      async (_visitor, username) => {
        const other = await app.signIn(username);
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
      const { answer } = await begun(() =>
        visitor.post('/profile/authenticate', { password: PASSWORD, next: '' }),
      );
      await end(visitor, username);
      await answer;
      assert.equal(await isSignedIn(visitor), false);
      assert.equal((await visitor.get('/', { cookie: before })).status, 303);
    });
  }

  test('a log in in flight cannot get past a disabled user', async () => {
    const username = `person${++serial}`;
    await addUser(on.db, username);
    const visitor = app.newVisitor();
    await visitor.get('/login');
    const { answer } = await begun(() =>
      visitor.post('/login', { username, password: PASSWORD, next: '' }),
    );
    await setDisabled(on.db, username, true);
    assert.equal((await answer).status, 401);
    assert.equal(await isSignedIn(visitor), false);
  });
});
