import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import bcrypt from 'bcryptjs';
import { sql } from 'kysely';
import { findUser, setDisabled } from '../../db/users.ts';
import { startApp } from '../testing/app.ts';
import { describeApp } from '../testing/describe-app.ts';
import { addUser, PASSWORD } from '../testing/users.ts';

describeApp('/login', (on) => {
  let username: string;
  beforeEach(async () => {
    username = await on.app.newUser();
  });

  async function post(fields: Record<string, string>) {
    const visitor = on.app.newVisitor();
    await visitor.get('/login');
    return { visitor, answer: await visitor.post('/login', { username, ...fields }) };
  }

  test('the right password leads to / under a new session id', async () => {
    const visitor = on.app.newVisitor();
    await visitor.get('/login');
    const before = visitor.cookieHeader();
    const answer = await visitor.post('/login', { username, password: PASSWORD });
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/');
    assert.ok(before);
    assert.notEqual(visitor.cookieHeader(), before);
    assert.match((await visitor.get('/')).body, new RegExp(`Signed in as ${username}`));
  });

  test('a session id from before log in is not signed in: a session cannot be planted', async () => {
    const visitor = on.app.newVisitor();
    await visitor.get('/login');
    const planted = visitor.cookieHeader();
    await visitor.post('/login', { username, password: PASSWORD });
    const attacker = on.app.newVisitor();
    assert.equal((await attacker.get('/', { cookie: planted })).location, '/login');
  });

  test('user names are case-insensitive', async () => {
    const { answer } = await post({ username: username.toUpperCase(), password: PASSWORD });
    assert.equal(answer.status, 303);
  });

  test('spaces around a user name are ignored', async () => {
    for (const spaced of [`${username} `, ` ${username}`, `\u00a0${username}${' '.repeat(40)}`]) {
      const { answer } = await post({ username: spaced, password: PASSWORD });
      assert.equal(answer.status, 303, JSON.stringify(spaced));
    }
    const inside = `${username.slice(0, 4)} ${username.slice(4)}`;
    assert.equal((await post({ username: inside, password: PASSWORD })).answer.status, 401);
  });

  test('spaces around a user name are no way around the rate limit', async () => {
    const subjects = async () =>
      (await sql<{ subject: string }>`select subject from throttle order by subject`.execute(on.db))
        .rows;
    await post({ username, password: 'wrong' });
    const before = await subjects();
    await post({ username: ` ${username} `, password: 'wrong' });
    assert.deepEqual(await subjects(), before);
  });

  test('a wrong password, an unknown user and a disabled one get the same answer', async () => {
    await addUser(on.db, 'eve');
    await setDisabled(on.db, 'eve', true);
    const tries = [
      { username, password: 'wrong password' },
      { username: 'bob', password: PASSWORD },
      { username: 'eve', password: PASSWORD },
    ];
    for (const fields of tries) {
      const { answer } = await post(fields);
      assert.equal(answer.status, 401);
      assert.match(answer.body, /Login failed\. Check your username and password\./);
      assert.match(answer.body, new RegExp(`name="username" value="${fields.username}"`));
      assert.ok(!answer.body.includes(fields.password));
    }
  });

  test('log in and failed log in are events, with address and program', async () => {
    await post({ username, password: PASSWORD });
    await post({ username, password: 'wrong password' });
    await post({ username: 'nobody', password: 'wrong password' });
    const events = await on.db
      .selectFrom('events')
      .leftJoin('users', 'users.id', 'events.user_id')
      .select(['kind', 'username', 'ip', 'user_agent'])
      .orderBy('events.id', 'desc')
      .limit(3)
      .execute();
    const from = { ip: '127.0.0.1', user_agent: 'node' };
    assert.deepEqual(events, [
      { kind: 'failed log in', username: null, ...from },
      { kind: 'failed log in', username, ...from },
      { kind: 'log in', username, ...from },
    ]);
  });

  test('next is followed only to paths of this site', async () => {
    const targets = [
      ['/profile/api-keys?label=ci', '/profile/api-keys?label=ci'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['https://evil.example/', '/'],
      ['', '/'],
    ] as const;
    for (const [next, target] of targets) {
      const { answer } = await post({ password: PASSWORD, next });
      assert.equal(answer.location, target);
    }
  });

  test('next survives a wrong password', async () => {
    const { visitor, answer } = await post({ password: 'wrong password', next: '/profile' });
    assert.match(answer.body, /name="next" value="\/profile"/);
    const again = await visitor.post('/login', {
      username,
      password: PASSWORD,
      next: '/profile',
    });
    assert.equal(again.location, '/profile');
  });

  test('a user who is already signed in is redirected, from the page and from a second post', async () => {
    const { visitor } = await post({ password: PASSWORD });
    await visitor.get('/');
    assert.equal((await visitor.get('/login')).location, '/');
    const again = await visitor.post('/login', { username: 'bob', password: 'x' });
    assert.equal(again.status, 303);
    assert.equal(again.location, '/');
  });

  test('a digest with a lower cost is replaced at log in', async () => {
    await addUser(on.db, 'old');
    const costlier = await startApp(on.db, {}, on.location, { passwordCost: 5 });
    assert.equal((await costlier.newVisitor().logIn('old')).status, 303);
    const digest = (await findUser(on.db, 'old'))?.passwordDigest ?? '';
    assert.equal(bcrypt.getRounds(digest), 5);
    assert.equal((await costlier.newVisitor().logIn('old')).status, 303);
    await costlier.close();
  });

  test('of two log ins at once that replace a digest, both succeed', async () => {
    await addUser(on.db, 'twice');
    const start = () => startApp(on.db, {}, on.location, { passwordCost: 5 });
    const [one, other] = await Promise.all([start(), start()]);
    const check = one.holdNextPasswordCheck();
    const slower = one.newVisitor().logIn('twice');
    await check.reached;
    assert.equal((await other.newVisitor().logIn('twice')).status, 303);
    check.release();
    assert.equal((await slower).status, 303);
    await Promise.all([one.close(), other.close()]);
  });

  test('a digest of another Unicode form than NFC is replaced at log in', async () => {
    const typed = 'cafe\u0301 au lait';
    await addUser(on.db, 'mac', bcrypt.hashSync(typed, 4));
    assert.equal((await on.app.newVisitor().logIn('mac', typed.normalize('NFC'))).status, 303);
    const digest = (await findUser(on.db, 'mac'))?.passwordDigest ?? '';
    assert.ok(bcrypt.compareSync(typed.normalize('NFC'), digest));
    assert.equal((await on.app.newVisitor().logIn('mac', typed)).status, 303);
  });

  test('a form with a repeated or unknown field is refused', async () => {
    const visitor = on.app.newVisitor();
    await visitor.get('/login');
    const twice = await visitor.post('/login', [
      ['_csrf', visitor.csrfToken],
      ['username', username],
      ['username', 'bob'],
    ]);
    assert.equal(twice.status, 400);
    assert.equal((await visitor.post('/login', { admin: 'yes' })).status, 400);
  });
});
