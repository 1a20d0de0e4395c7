// A form that was sent and not acted upon is never dropped without a word.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../testing/describe-app.ts';
import { PASSWORD } from '../testing/users.ts';
import type { Visitor } from '../testing/visitor.ts';

const TAB = '/profile/api-keys';
const AGAIN = /Nothing was done yet\. Check the form and send it again\./;

const posts: [string, string, Record<string, string>, RegExp][] = [
  [
    'a new key',
    TAB,
    { label: 'typed', expires: '3-months', request_id: 'x' },
    /name="label" value="typed"[\s\S]*<option value="3-months" selected>/,
  ],
  ['a time zone', '/profile', { time_zone: 'Asia/Tokyo' }, /<option selected>Asia\/Tokyo</],
  [
    'a change of password',
    '/profile/password',
    { current_password: PASSWORD, new_password: 'a new one', new_password_again: 'a new one' },
    /Change Password/,
  ],
  ['Sign out everywhere else', '/profile/password/sessions', {}, /Where you are signed in/],
];

describeApp('a form that was not acted upon', (on) => {
  async function isRepeated(visitor: Visitor, location: string, filledIn: RegExp) {
    const page = await visitor.get(location);
    const { body } = page.location ? await visitor.get(page.location) : page;
    assert.match(body, AGAIN);
    assert.match(body, filledIn);
    assert.ok(!body.includes(PASSWORD));
    assert.ok(!body.includes('a new one'));
  }

  for (const [what, path, fields, filledIn] of posts) {
    test(`${what} after the profile has locked: Authenticate says so, and the form again`, async () => {
      const visitor = await on.app.signInNewUser();
      await visitor.get(TAB);
      await sql`update sessions set authenticated_at = authenticated_at - interval '10 minutes'`.execute(
        on.db,
      );
      const { location } = await visitor.post(path, fields);
      assert.match(location ?? '', /^\/profile\/authenticate\?next=/);
      const asked = await visitor.get(location ?? '');
      assert.match(asked.body, /These settings are locked, so nothing was done yet\./);
      const next = new URL(location ?? '', on.app.origin).searchParams.get('next') ?? '';
      const wrong = await visitor.post('/profile/authenticate', { password: 'wrong', next });
      assert.match(wrong.body, /These settings are locked, so nothing was done yet\./);
      const right = await visitor.post('/profile/authenticate', { password: PASSWORD, next });
      await isRepeated(visitor, right.location ?? '', filledIn);
    });

    test(`${what} after the session has ended: the log-in page says so, and the form again`, async () => {
      const visitor = await on.app.signInNewUser();
      const { username } = visitor;
      await visitor.get(TAB);
      visitor.cookies.clear();
      const { location } = await visitor.post(path, fields);
      assert.match(location ?? '', /^\/login\?next=/);
      const asked = await visitor.get(location ?? '');
      assert.match(asked.body, /You are signed out, so nothing was done yet\./);
      const next = new URL(location ?? '', on.app.origin).searchParams.get('next') ?? '';
      const right = await visitor.post('/login', { username, password: PASSWORD, next });
      const locked = await visitor.get(right.location ?? '');
      assert.match(locked.location ?? '', /^\/profile\/authenticate\?next=/);
      await visitor.get(locked.location ?? '');
      const unlocked = await visitor.post('/profile/authenticate', { password: PASSWORD, next });
      await isRepeated(visitor, unlocked.location ?? '', filledIn);
    });
  }

  test('a page that was only looked at says nothing', async () => {
    const visitor = await on.app.signInNewUser({ authenticate: false });
    const { location } = await visitor.get(TAB);
    assert.doesNotMatch((await visitor.get(location ?? '')).body, /nothing was done/i);
  });
});
