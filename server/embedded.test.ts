// The other HTTP tests run on PostgreSQL, if there is one. These run on the embedded database.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from '../db/database.ts';
import { startApp } from './testing/app.ts';
import { users } from './testing/commands.ts';
import { addUser, PASSWORD } from './testing/users.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'embedded-'));
after(() => rmSync(folder, { recursive: true }));

test('on the embedded database a user manages keys from log in to log out', async (t) => {
  const db = await openDatabase({ folder });
  t.after(() => db.destroy());
  const app = await startApp(db);
  t.after(() => app.close());
  await addUser(db, 'ada');
  const ada = app.newVisitor();

  const verify = async (key: string) => {
    const answer = await fetch(`${app.origin}/auth/verify`, { headers: { 'x-api-key': key } });
    return answer.headers.get('x-auth-reason') || answer.status;
  };

  await t.test('logs in, after a wrong password', async () => {
    assert.equal((await ada.logIn('ada', 'a wrong password')).status, 401);
    assert.equal((await ada.logIn('ada')).status, 303);
  });

  await t.test('authenticates, after a wrong password', async () => {
    assert.match((await ada.get('/profile/api-keys')).location ?? '', /^\/profile\/authenticate/);
    assert.equal((await ada.authenticate('a wrong password')).status, 401);
    assert.equal((await ada.authenticate()).status, 303);
  });

  await t.test('sets a time zone', async () => {
    await ada.get('/profile');
    assert.equal((await ada.post('/profile', { time_zone: 'Asia/Tokyo' })).status, 303);
  });

  await t.test('creates a key that works until it is removed', async () => {
    const { secret, id, body } = await ada.createKey({ label: 'ci', expires: '1-month' });
    assert.match(body, /ci/);
    assert.equal(await verify(secret), 204);
    assert.equal((await ada.get(`/profile/api-keys/${id}/remove`)).status, 200);
    assert.equal((await ada.post(`/profile/api-keys/${id}/remove`)).status, 303);
    assert.equal(await verify(secret), 'removed');
  });

  await t.test('creates and removes a key by the API', async () => {
    const fields = { api_action: 'user.getapikey', username: 'ada', password: PASSWORD };
    const made = await fetch(`${app.origin}/?${new URLSearchParams(fields)}`);
    const [key = ''] = /lmk[0-9A-Za-z]{61}/.exec(await made.text()) ?? [];
    const headers = { 'x-api-key': key };
    assert.equal((await fetch(`${app.origin}/api/whoami`, { headers })).status, 200);
    const removed = await fetch(`${app.origin}/api/key`, { method: 'DELETE', headers });
    assert.equal(removed.status, 204);
    assert.equal(await verify(key), 'removed');
  });

  await t.test('signs other sessions out, and changes the password', async () => {
    const other = await app.signIn('ada', { authenticate: false });
    await ada.get('/profile/password');
    assert.equal((await ada.post('/profile/password/sessions')).status, 303);
    assert.equal((await other.get('/')).location, '/login');
    await ada.get('/profile/password');
    const changed = await ada.post('/profile/password', {
      current_password: PASSWORD,
      new_password: 'another battery',
      new_password_again: 'another battery',
    });
    assert.equal(changed.status, 303);
  });

  await t.test('sees all of this under Activity, and logs out', async () => {
    const { body } = await ada.get('/profile/activity');
    assert.ok((body.match(/id="event-/g)?.length ?? 0) >= 10, body);
    const csv = (await ada.get('/profile/activity/download.csv')).body;
    assert.ok(csv.split('\r\n').length >= 10, csv);
    const cookie = ada.cookieHeader();
    assert.equal((await ada.post('/logout')).location, '/login');
    assert.equal((await ada.get('/', { cookie })).location, '/login');
  });

  await t.test('a command says that the app must be stopped first', async () => {
    const { status, stderr } = await users({ DATA_DIR: folder }, ['list']);
    assert.equal(status, 1);
    assert.match(stderr, /is open in another process\. Stop that one first/);
  });
});

test('while the app is stopped, commands change the embedded database', async () => {
  assert.equal((await users({ DATA_DIR: folder }, ['add', 'bob'], PASSWORD)).status, 0);
  const { stdout } = await users({ DATA_DIR: folder }, ['list']);
  assert.equal(stdout, 'ada\tada@example.com\nbob\t-\n');
});

test('commands close an embedded database that a later version has used', async () => {
  const later = await openDatabase({ folder });
  await sql`insert into kysely_migration values ('9999-later', now()::text)`.execute(later);
  await later.destroy();
  // Otherwise the second command would find the database open.
  for (const command of ['list', 're-encrypt']) {
    const { status, stderr } = await users({ DATA_DIR: folder }, [command]);
    assert.equal(status, 1);
    assert.match(stderr, /^The database was brought up to date \(9999-later\) by a later version/);
  }
});
