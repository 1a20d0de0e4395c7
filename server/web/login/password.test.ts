import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../testing/describe-app.ts';
import { newPhone } from '../../testing/two-factor.ts';
import { makePasswordTemporary, PASSWORD } from '../../testing/users.ts';
import type { Visitor } from '../../testing/visitor.ts';

const PAGE = '/login/password';
const NEW = 'a new and better password';
const OVER = /The login took too long, or your account changed\. Log in again\./;

describeApp('/login/password', (on) => {
  let username: string;
  beforeEach(async () => {
    username = await on.app.newUser();
    await makePasswordTemporary(on.db, username);
  });

  /** A visitor who logged in with the temporary password, on the page of the form. */
  async function newVisitor(next = ''): Promise<Visitor> {
    const visitor = on.app.newVisitor();
    await visitor.get('/login');
    await visitor.post('/login', { username, password: PASSWORD, next });
    await visitor.get(PAGE);
    return visitor;
  }

  const change = (visitor: Visitor, fields: Record<string, string> = {}) =>
    visitor.post(PAGE, {
      current_password: PASSWORD,
      new_password: NEW,
      new_password_again: NEW,
      ...fields,
    });

  const isOpen = async (visitor: Visitor) => (await visitor.get('/')).status === 200;

  const letPass = (days: number) =>
    sql`update users set password_lapses_at = password_lapses_at - make_interval(days => ${days}::int)
      where username = ${username}`.execute(on.db);

  test('a temporary password leads here, and a new one back to where the person was going', async () => {
    const visitor = await newVisitor();
    const next = '/profile/api-keys?label=typed';
    const { location } = await visitor.get(next);
    assert.equal(location, `${PAGE}?next=%2Fprofile%2Fapi-keys%3Flabel%3Dtyped`);
    const { body } = await visitor.get(location ?? '');
    assert.match(body, /Your password is temporary\. Choose another one before you go on\./);
    assert.match(body, /name="next" value="\/profile\/api-keys\?label=typed"/);
    const before = visitor.cookieHeader();
    assert.equal((await change(visitor, { next })).location, next);
    assert.notEqual(visitor.cookieHeader(), before);
    assert.equal(await isOpen(visitor), true);
    assert.equal((await on.app.newVisitor().logIn(username, PASSWORD)).status, 401);
    const again = await on.app.signIn(username, { password: NEW });
    assert.equal(await isOpen(again), true);
  });

  test('a form that was sent just before is not lost: its page says that nothing was done', async () => {
    const visitor = await newVisitor();
    const { location } = await visitor.post('/profile/api-keys', { label: 'typed' });
    const next = new URL(location ?? '', on.app.origin).searchParams.get('next') ?? '';
    assert.equal(next, '/profile/api-keys?label=typed&not_done=1');
    const back = await change(visitor, { next });
    const { body } = await visitor.get(back.location ?? '');
    assert.match(body, /name="label" value="typed"/);
  });

  test('what is wrong is said at the field, nothing changes, and no password comes back', async () => {
    const visitor = await newVisitor();
    const refused: [Record<string, string>, string, RegExp][] = [
      [{ current_password: 'wrong password' }, 'current-password', /That is not your password/],
      [{ new_password: 'short' }, 'new-password', /Use at least 8 characters/],
      [{ new_password: PASSWORD }, 'new-password', /This is your current password/],
      [{ new_password_again: `${NEW}.` }, 'new-password-again', /do not match/],
    ];
    for (const [fields, field, sentence] of refused) {
      const { status, body } = await change(visitor, { ...fields, next: '/profile' });
      assert.equal(status, 422);
      assert.match(new RegExp(`id="${field}-problem">([^<]+)`).exec(body)?.[1] ?? '', sentence);
      assert.match(body, /name="next" value="\/profile"/);
      for (const typed of Object.values(fields)) assert.ok(!body.includes(`"${typed}"`));
    }
    assert.equal(await isOpen(visitor), false);
    assert.equal(await isOpen(await newVisitor()), false);
  });

  test('the code comes first, then the password', async () => {
    const phone = await newPhone(on.db, username);
    const visitor = on.app.newVisitor();
    await visitor.logInWithoutCode(username);
    assert.equal((await visitor.get(PAGE)).location, '/login');
    assert.equal((await visitor.enterCode(await phone.code())).location, '/');
    assert.equal((await visitor.get('/')).location, PAGE);
    await visitor.get(PAGE);
    assert.equal((await change(visitor)).location, '/');
    assert.equal(await isOpen(visitor), true);
  });

  test('the page has log out', async () => {
    const visitor = await newVisitor();
    const { body } = await visitor.get(PAGE);
    assert.match(body, new RegExp(`Logged in as ${username}`));
    assert.equal((await visitor.post('/logout')).location, '/login');
    assert.equal((await visitor.get(PAGE)).location, '/login');
  });

  test('everyone else is redirected, and changes nothing', async () => {
    assert.equal(
      (await on.app.newVisitor().get(`${PAGE}?next=/profile`)).location,
      '/login?next=%2Fprofile',
    );
    const other = await on.app.signInNewUser();
    assert.equal((await other.get(`${PAGE}?next=/profile`)).location, '/profile');
    assert.equal((await change(other)).location, '/');
    assert.equal((await on.app.newVisitor().logIn(other.username)).status, 303);
    assert.equal((await other.get(`${PAGE}?next=//evil.example`)).location, '/');
  });

  test('after seven days the temporary password counts as a wrong one', async () => {
    await letPass(6);
    assert.equal(await isOpen(await newVisitor()), false);
    await letPass(1);
    const answer = await on.app.newVisitor().logIn(username);
    assert.equal(answer.status, 401);
    assert.match(answer.body, /Login failed\. Check your username and password\./);
    const { rows } = await sql<{ kind: string }>`
      select kind from events join users on users.id = user_id
      where username = ${username} order by events.id desc limit 1`.execute(on.db);
    assert.deepEqual(rows, [{ kind: 'failed log in' }]);
  });

  test('a session ends when its temporary password lapses, and so does one that waits for a code', async () => {
    const visitor = await newVisitor();
    const phone = await newPhone(on.db, username);
    const pending = on.app.newVisitor();
    await pending.logInWithoutCode(username);
    await letPass(7);
    assert.equal((await visitor.get('/')).location, '/login');
    const late = await pending.post('/login/two-factor', { token: await phone.code() });
    assert.equal(late.location, '/login');
    assert.match((await pending.get('/login')).body, OVER);
  });

  test('a step that takes longer than ten minutes starts the log in again', async () => {
    for (const send of [
      (visitor: Visitor) => visitor.get('/profile'),
      (visitor: Visitor) => change(visitor, { next: '/profile' }),
    ]) {
      const visitor = await newVisitor();
      await sql`update sessions set created_at = created_at - interval '10 minutes'`.execute(on.db);
      const answer = await send(visitor);
      assert.equal(answer.location, '/login?next=%2Fprofile');
      assert.match((await visitor.get(answer.location ?? '')).body, OVER);
      assert.equal((await on.app.newVisitor().logIn(username, NEW)).status, 401);
    }
  });

  test('a session that ends while the password is checked says so, and nothing changes', async () => {
    const visitor = await newVisitor();
    const { reached, release } = on.app.holdNextPasswordCheck();
    const changing = change(visitor, { next: '/profile' });
    await reached;
    await sql`update sessions set ended_at = now() where user_id =
      (select id from users where username = ${username})`.execute(on.db);
    release();
    assert.equal((await changing).location, '/login?next=%2Fprofile');
    assert.equal((await on.app.newVisitor().logIn(username, NEW)).status, 401);
  });
});
