import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { insertEvent } from '../../db/events.ts';
import { findUser } from '../../db/users.ts';
import { describeApp } from '../testing/describe-app.ts';
import { newPhone } from '../testing/two-factor.ts';
import type { Visitor } from '../testing/visitor.ts';

const BOX = /<section class="message[^"]*meanwhile"[\s\S]*<\/section>/;

describeApp('/meanwhile', (on) => {
  let visitor: Visitor;
  beforeEach(async () => {
    visitor = await on.app.signInNewUser();
  });

  const box = async (of = visitor) => BOX.exec((await of.get('/')).body)?.[0];

  async function happen(kind: 'key made' | 'failed log in') {
    const user = await findUser(on.db, visitor.username);
    const from = { ip: '203.0.113.9', userAgent: 'elsewhere' };
    await insertEvent(on.db, { kind, userId: user?.id, ...from });
  }

  async function dismiss(newest?: string) {
    const shown = /name="newest" value="(\d+)"/.exec((await box()) ?? '')?.[1];
    return visitor.post('/meanwhile', { newest: newest ?? shown ?? '' });
  }

  test('nothing is shown where nothing happened, or only what the user did on this device', async () => {
    assert.equal(await box(), undefined);
    await visitor.createKey();
    assert.equal(await box(), undefined);
    await visitor.post('/logout');
    await visitor.logIn(visitor.username, 'mistyped');
    await visitor.logIn(visitor.username);
    assert.equal(await box(), undefined);
  });

  test('another device in the same network, with the same program, is elsewhere', async () => {
    const other = await on.app.signIn(visitor.username);
    await other.createKey();
    assert.match((await box()) ?? '', />1 key was created</);
  });

  test('a person who guesses the password does not hide the wrong guesses by logging in', async () => {
    const guesser = on.app.newVisitor();
    await guesser.logIn(visitor.username, 'a guess');
    await guesser.logIn(visitor.username);
    assert.match((await box()) ?? '', />There was 1 failed login</);
  });

  test('a stolen session without the cookie of its device does not hide guesses at Authenticate', async () => {
    const thief = on.app.newVisitor();
    for (const [name, value] of visitor.cookies) {
      if (name.startsWith('session-')) thief.cookies.set(name, value);
    }
    await thief.get('/profile/authenticate');
    await thief.post('/profile/authenticate', { password: 'a guess' });
    await visitor.authenticate();
    assert.match((await box()) ?? '', />There was 1 failed re-authentication</);
  });

  test('the home page says what happened elsewhere, with links to Activity', async () => {
    await happen('failed log in');
    await happen('failed log in');
    await happen('key made');
    const shown = await box();
    assert.match(
      shown ?? '',
      /<a href="\/profile\/activity\?kind=failed\+log\+in">There were 2 failed logins<\/a>\. The last was on <time datetime="[^"]+">[^<]+<\/time>, from 203\.0\.113\.9\./,
    );
    assert.match(shown ?? '', /\?kind=key\+made">1 key was created<\/a>\. It was on <time/);
    const { status, body } = await visitor.get('/profile/activity?kind=failed+log+in');
    assert.equal(status, 200);
    assert.match(body, /Failed login, 2 times/);
  });

  test('a wrong code after the right password is shown in the same box', async () => {
    const phone = await newPhone(on.db, visitor.username);
    const other = on.app.newVisitor();
    await other.get('/login');
    await other.logInWithoutCode(visitor.username);
    await other.enterCode(await phone.wrongCode());
    const { body } = await visitor.get('/');
    assert.match(
      body,
      />Someone who knows your password failed at the code<\/a>\. It was on <time/,
    );
    assert.equal(body.match(/class="message/g)?.length, 1);
  });

  test('a mistyped code of the user is left out, also on a new device', async () => {
    const phone = await newPhone(on.db, visitor.username);
    const device = on.app.newVisitor();
    for (const code of [phone.scratchCodes[0] ?? '', await phone.code()]) {
      await device.logInWithoutCode(visitor.username);
      await device.enterCode(await phone.wrongCode());
      await device.enterCode(code);
      assert.equal(await box(device), undefined);
      device.closeBrowser();
    }
  });

  test('the use of a scratch code is shown on other devices', async () => {
    const phone = await newPhone(on.db, visitor.username);
    const device = on.app.newVisitor();
    await device.logInWithoutCode(visitor.username);
    await device.enterCode(phone.scratchCodes[0] ?? '');
    assert.equal(await box(device), undefined);
    assert.match((await box()) ?? '', />1 scratch code was used</);
  });

  test('dismissing hides it on this device, until something newer happens', async () => {
    await happen('key made');
    const answer = await dismiss();
    assert.deepEqual([answer.status, answer.location], [303, '/']);
    const cookie =
      answer.headers.getSetCookie().find((text) => text.startsWith('dismissed-')) ?? '';
    assert.match(
      cookie,
      /^dismissed-\d+-[^=]+=\d+; Max-Age=1209600; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    assert.equal(await box(), undefined);
    await happen('failed log in');
    assert.match((await box()) ?? '', />There was 1 failed login</);
    assert.doesNotMatch((await box()) ?? '', /key was created/);
  });

  test('another device still shows it, and so does another user of this one', async () => {
    await happen('key made');
    await dismiss();
    const elsewhere = await on.app.signIn(visitor.username, { authenticate: false });
    assert.ok(await box(elsewhere));

    const { cookies } = visitor;
    visitor = await on.app.signInNewUser();
    for (const [name, value] of cookies) {
      if (name.startsWith('dismissed-')) visitor.cookies.set(name, value);
    }
    await happen('failed log in');
    assert.ok(await box());
  });

  test('it stays dismissed after log out', async () => {
    await happen('key made');
    await dismiss();
    const { username } = visitor;
    await visitor.post('/logout');
    await visitor.logIn(username);
    assert.equal(await box(), undefined);
  });

  test('only what was shown is dismissed', async () => {
    await happen('key made');
    const shown = /name="newest" value="(\d+)"/.exec((await box()) ?? '')?.[1] ?? '';
    await happen('failed log in');
    await dismiss(shown);
    assert.match((await box()) ?? '', />There was 1 failed login</);
  });

  test('an invalid id of an event is refused, and an invalid cookie is ignored', async () => {
    await happen('key made');
    for (const newest of ['', '0', '-1', 'x', '1e3', '9'.repeat(16)]) {
      await box();
      const answer = await visitor.post('/meanwhile', { newest });
      assert.equal(answer.status, 400, newest);
      assert.equal(answer.headers.get('set-cookie'), null);
    }
    await dismiss();
    const [name = ''] = [...visitor.cookies.keys()].filter((name) => name.startsWith('dismissed-'));
    for (const value of ['x', '9'.repeat(4_000)]) {
      visitor.cookies.set(name, value);
      assert.ok(await box());
    }
  });

  test('signed out, nothing is dismissed, and the home page says so after log in', async () => {
    const stranger = on.app.newVisitor();
    const { location } = await stranger.post('/meanwhile', { newest: '1' });
    assert.equal(location, '/login?next=%2Fmeanwhile%3Fnot_done%3D1');
    const back = await visitor.get('/meanwhile?not_done=1');
    assert.equal(back.location, '/?not_done=1');
    assert.match((await visitor.get('/?not_done=1')).body, /Nothing was done yet\./);
    assert.equal((await visitor.get('/meanwhile')).location, '/');
  });
});
