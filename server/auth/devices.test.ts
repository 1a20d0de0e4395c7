import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findUser } from '../../db/users.ts';
import { startApp } from '../testing/app.ts';
import { describeApp } from '../testing/describe-app.ts';
import { PASSWORD } from '../testing/users.ts';
import type { Visitor } from '../testing/visitor.ts';

describeApp('the cookie of a known device', (on) => {
  /** Logs in, and returns the cookies of devices that the answer sets. */
  async function logIn(visitor: Visitor, username: string, headers: Record<string, string> = {}) {
    await visitor.get('/login', headers);
    const answer = await visitor.post('/login', { username, password: PASSWORD }, headers);
    return answer.headers.getSetCookie().filter((cookie) => cookie.includes('device-'));
  }

  const idOf = async (username: string) => (await findUser(on.db, username))?.id;

  test('is sent at log in, named after the user, for a year', async () => {
    const username = await on.app.newUser();
    const [cookie = ''] = await logIn(on.app.newVisitor(), username);
    const [, id, attributes] =
      /^device-(\d+)-[0-9a-f]{12}=[\w-]{43}; (Max-Age=31536000; .*)$/.exec(cookie) ?? [];
    assert.equal(Number(id), await idOf(username));
    assert.match(attributes ?? '', /; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
  });

  test('is Secure on https, under a name that browsers accept from this host only', async () => {
    const publicUrl = 'https://keys.example.com';
    const secure = await startApp(on.db, { secure: true, publicUrl, trustProxy: 1 });
    const username = await on.app.newUser();
    const https = { 'x-forwarded-proto': 'https' };
    const [cookie = ''] = await logIn(secure.newVisitor(), username, https);
    assert.match(cookie, /; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/);
    const [, id] = /^__Host-device-(\d+)-[0-9a-f]{12}=/.exec(cookie) ?? [];
    assert.equal(Number(id), await idOf(username));
    await secure.close();
  });

  test('has another value after each log in, and never one that was presented', async () => {
    const username = await on.app.newUser();
    const visitor = on.app.newVisitor();
    const values = new Set<string>();
    const valueIn = (cookies: string[]) => /=([^;]+)/.exec(cookies[0] ?? '')?.[1] ?? '';
    values.add(valueIn(await logIn(visitor, username)));
    visitor.closeBrowser();
    values.add(valueIn(await logIn(visitor, username)));
    visitor.closeBrowser();
    const [[name = ''] = []] = [...visitor.cookies];
    const planted = 'x'.repeat(43);
    visitor.cookies.set(name, planted);
    values.add(valueIn(await logIn(visitor, username)));
    assert.equal(values.size, 3);
    assert.ok(!values.has(planted));
  });

  test('is not sent for a wrong password', async () => {
    const visitor = on.app.newVisitor();
    await visitor.get('/login');
    const wrong = { username: await on.app.newUser(), password: 'wrong password' };
    const { headers } = await visitor.post('/login', wrong);
    assert.doesNotMatch(headers.getSetCookie().join(), /device-/);
  });

  test('is separate for each user of a browser, which keeps the newest twenty', async () => {
    const visitor = on.app.newVisitor();
    const deviceNames = () => [...visitor.cookies.keys()].filter((name) => /^device-/.test(name));
    for (let n = 0; n < 20; n++) {
      await logIn(visitor, await on.app.newUser());
      visitor.closeBrowser();
    }
    const before = deviceNames();
    assert.equal(before.length, 20);
    await logIn(visitor, await on.app.newUser());
    assert.deepEqual(deviceNames().slice(0, 19), before.slice(1));
    assert.equal(deviceNames().length, 20);
  });
});
