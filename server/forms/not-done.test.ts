// A form that was sent and not acted upon is never dropped without a notice.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../testing/describe-app.ts';
import { PASSWORD } from '../testing/users.ts';
import type { Visitor } from '../testing/visitor.ts';

const TAB = '/profile/api-keys';
const NEW = 'a new one, long enough';
const TWO_FACTOR = '/profile/password/two-factor';
/** The longest texts, of characters that are the longest in a URL. */
const LABEL = '😀'.repeat(128);
const NOTE = '😀'.repeat(500);
const SIGNED_OUT = /You are signed out, so nothing was done yet\./;
const AGAIN = /Nothing was done yet\. Check the form and send it again\./;

/**
 * Every form under /profile that changes something, with what its page shows again; `:id` is the id of a
 * key, a session or a device.
 */
const posts: [string, string, Record<string, string>, RegExp][] = [
  [
    'a new key',
    TAB,
    { label: 'typed', expires: '3-months', request_id: 'x' },
    /name="label" value="typed"[\s\S]*<option value="3-months" selected>/,
  ],
  ['a time zone', '/profile', { time_zone: 'Asia/Tokyo' }, /<option value="Asia\/Tokyo" selected>/],
  [
    'a change of password',
    '/profile/password',
    { current_password: PASSWORD, new_password: NEW, new_password_again: NEW },
    /Change Password/,
  ],
  ['Enable', TWO_FACTOR, {}, /Two-Factor Authentication/],
  ['the first code', `${TWO_FACTOR}/confirm`, { token: '123456' }, /Two-Factor Authentication/],
  [
    'Disable',
    `${TWO_FACTOR}/disable`,
    { password: PASSWORD, token: '123456' },
    /Disable Two-Factor Authentication/,
  ],
  [
    'new scratch codes',
    `${TWO_FACTOR}/scratch-codes`,
    { password: PASSWORD, token: '123456' },
    /name="token"/,
  ],
  ['Sign out everywhere else', '/profile/password/sessions', {}, /Where you are signed in/],
  ['Sign out', '/profile/password/sessions/:id', {}, /Where you are signed in/],
  ['Forget', '/profile/password/devices/:id', {}, /Where you are signed in/],
  [
    'Edit',
    `${TAB}/:id`,
    {
      label: LABEL,
      note: NOTE,
      expires: 'date',
      expires_date: '2031-02-03',
      expires_time: '04:05',
    },
    new RegExp(
      `name="label" value="${LABEL}"[\\s\\S]*${NOTE}</textarea>[\\s\\S]*value="date" selected>[\\s\\S]*value="2031-02-03"[\\s\\S]*value="04:05"`,
    ),
  ],
  [
    'Rotate',
    `${TAB}/:id/rotate`,
    { new_expires: '3-months', overlap: '168', request_id: 'x' },
    /<option value="3-months" selected>[\s\S]*<option value="168" selected>/,
  ],
  ['Pause', `${TAB}/:id/pause`, { minutes: '15' }, /Pause for 15 minutes/],
  ['Resume', `${TAB}/:id/resume`, {}, /Pause for 15 minutes/],
  ['Remove', `${TAB}/:id/remove`, {}, /Are you sure you want to remove this API key\?/],
  ['Remove, as leaked', `${TAB}/:id/remove`, { leaked: 'on' }, /name="leaked"[^>]* checked>/],
  [
    'Remove selected',
    `${TAB}/remove-selected`,
    { 'key-:id': 'on' },
    /Are you sure you want to remove this API key\?/,
  ],
  [
    'Remove selected, as leaked',
    `${TAB}/remove-selected`,
    { 'key-:id': 'on', leaked: 'on' },
    /name="leaked"[^>]* checked>/,
  ],
  ['Pause', `${TAB}/pause-selected`, { 'key-:id': 'on' }, /Pause this API key\?/],
  ['Resume', `${TAB}/resume-selected`, { 'key-:id': 'on' }, /Resume this API key\?/],
  ['Undo', `${TAB}/undo`, { 'key-:id': 'on' }, /Undo the removal of this API key\?/],
  ['Dismiss', `${TAB}/dismiss-reports`, { 'key-:id': 'on' }, /Add an API key/],
];
/** A search changes nothing, so it is carried out as soon as its page can be opened. */
const SEARCH = `${TAB}/search`;

describeApp('a form that was not acted upon', (on) => {
  /** The same user in all tests of forms, since none of them is acted upon. */
  let visitor: Visitor;
  /** Of a key, and of another session and its device. */
  let ids: { key: string; session: string; device: string };
  before(async () => {
    const elsewhere = await on.app.signInNewUser();
    const { id } = await elsewhere.createKey();
    visitor = await on.app.signIn(elsewhere.username);
    const { body } = await visitor.get('/profile/password');
    const session = /sessions\/(\d+)"/.exec(body)?.[1] ?? '';
    const device = /devices\/(\d+)"/.exec(body)?.[1] ?? '';
    assert.ok(id && session && device);
    ids = { key: id, session, device };
  });

  async function isRepeated(visitor: Visitor, location: string, filledIn: RegExp) {
    const page = await visitor.get(location);
    const { body } = page.location ? await visitor.get(page.location) : page;
    assert.match(body, AGAIN);
    assert.match(body, filledIn);
    assert.ok(!body.includes(PASSWORD));
    assert.ok(!body.includes(NEW));
  }

  function post(path: string, fields: Record<string, string>) {
    const sent = Object.entries(fields).map(([name, value]) => [withId(name), value]);
    return visitor.post(withId(path), Object.fromEntries(sent));
  }

  function withId(text: string): string {
    if (text.includes('sessions')) return text.replace(':id', ids.session);
    return text.replace(':id', text.includes('devices') ? ids.device : ids.key);
  }

  test('the list has every form under /profile', () => {
    const routes = on.app.routes();
    const ofProfile = routes.filter(
      ({ method, path }) => method === 'POST' && /^\/profile(?!\/authenticate)/.test(path),
    );
    const paths = new Set([SEARCH, ...posts.map(([, path]) => path)]);
    assert.deepEqual(ofProfile.map(({ path }) => path).sort(), [...paths].sort());
  });

  for (const [what, path, fields, filledIn] of posts) {
    test(`${what} after the profile has locked: Authenticate and then the form say that nothing was done`, async () => {
      await sql`update sessions set authenticated_at = authenticated_at - interval '10 minutes'`.execute(
        on.db,
      );
      const { location } = await post(path, fields);
      assert.match(location ?? '', /^\/profile\/authenticate\?next=/);
      const asked = await visitor.get(location ?? '');
      assert.match(asked.body, /These settings are locked, so nothing was done yet\./);
      const next = new URL(location ?? '', on.app.origin).searchParams.get('next') ?? '';
      const wrong = await visitor.post('/profile/authenticate', { password: 'wrong', next });
      assert.match(wrong.body, /These settings are locked, so nothing was done yet\./);
      const right = await visitor.post('/profile/authenticate', { password: PASSWORD, next });
      await isRepeated(visitor, right.location ?? '', filledIn);
    });

    test(`${what} after the session has ended: the log-in page and then the form say that nothing was done`, async () => {
      const { username } = visitor;
      visitor.cookies.clear();
      const { location } = await post(path, fields);
      assert.match(location ?? '', /^\/login\?next=/);
      const asked = await visitor.get(location ?? '');
      assert.match(asked.body, SIGNED_OUT);
      const next = new URL(location ?? '', on.app.origin).searchParams.get('next') ?? '';
      const right = await visitor.post('/login', { username, password: PASSWORD, next });
      const locked = await visitor.get(right.location ?? '');
      assert.match(locked.location ?? '', /^\/profile\/authenticate\?next=/);
      await visitor.get(locked.location ?? '');
      const unlocked = await visitor.post('/profile/authenticate', { password: PASSWORD, next });
      await isRepeated(visitor, unlocked.location ?? '', filledIn);
    });
  }

  test('a session that ends while a change of password is checked: the log-in page says that nothing was done', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile/password');
    const cookie = visitor.cookieHeader();
    const fields = { current_password: PASSWORD, new_password: NEW, new_password_again: NEW };
    const { reached, release } = on.app.holdNextPasswordCheck();
    const changing = visitor.post('/profile/password', fields);
    await reached;
    await visitor.post('/logout', {}, { cookie });
    release();
    const { location } = await changing;
    const next = '/profile/password?not_done=1';
    assert.equal(location, `/login?next=${encodeURIComponent(next)}`);
    assert.match((await visitor.get(location ?? '')).body, SIGNED_OUT);
    assert.equal((await on.app.newVisitor().logIn(visitor.username, NEW)).status, 401);
  });

  test('a session that ends while Authenticate checks: the log-in page still leads to the form', async () => {
    const visitor = await on.app.signInNewUser({ authenticate: false });
    const { location: asked } = await visitor.post('/profile', { time_zone: 'Asia/Tokyo' });
    await visitor.get(asked ?? '');
    const cookie = visitor.cookieHeader();
    const next = '/profile?time_zone=Asia%2FTokyo&not_done=1';
    const { reached, release } = on.app.holdNextPasswordCheck();
    const checking = visitor.post('/profile/authenticate', { password: PASSWORD, next });
    await reached;
    await visitor.post('/logout', {}, { cookie });
    release();
    const { location } = await checking;
    assert.equal(location, `/login?next=${encodeURIComponent(next)}`);
    assert.match((await visitor.get(location ?? '')).body, SIGNED_OUT);
  });

  test('a log in after another tab has logged in still leads to the form', async () => {
    const visitor = await on.app.signInNewUser({ authenticate: false });
    const next = `${TAB}?label=typed&not_done=1`;
    const login = `/login?${new URLSearchParams({ next })}`;
    assert.equal((await visitor.get(login)).location, next);
    const again = { username: visitor.username, password: PASSWORD, next };
    assert.equal((await visitor.post('/login', again)).location, next);
    assert.equal((await visitor.get('/login?next=//evil.example')).location, '/');
  });

  test('a stale token and a locked profile: Authenticate and then the form say that nothing was done', async () => {
    const visitor = await on.app.signInNewUser({ authenticate: false });
    const fields = { _csrf: 'stale', label: 'typed', expires: '3-months', request_id: 'x' };
    const back = await visitor.post(TAB, fields, { origin: on.app.origin });
    const { location } = await visitor.get(back.location ?? '');
    const next = `${TAB}?label=typed&expires=3-months&not_done=1`;
    assert.equal(location, `/profile/authenticate?${new URLSearchParams({ next })}`);
    const { body } = await visitor.get(location ?? '');
    assert.match(body, /Your session changed, so nothing was done\. Please try again\./);
    const right = await visitor.post('/profile/authenticate', { password: PASSWORD, next });
    await isRepeated(visitor, right.location ?? '', /name="label" value="typed"/);
  });

  test('a page that was only opened does not say that nothing was done', async () => {
    const visitor = await on.app.signInNewUser({ authenticate: false });
    const { location } = await visitor.get(TAB);
    assert.doesNotMatch((await visitor.get(location ?? '')).body, /nothing was done/i);
  });
});
