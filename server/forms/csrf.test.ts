import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { startApp } from '../testing/app.ts';
import { describeApp } from '../testing/describe-app.ts';
import { PASSWORD } from '../testing/users.ts';
import type { Visitor } from '../testing/visitor.ts';

const TAB = '/profile/api-keys';

describeApp('CSRF protection', (on) => {
  let visitor: Visitor;
  beforeEach(async () => {
    visitor = await on.app.signInNewUser();
  });

  async function countKeys() {
    return (await on.db.selectFrom('api_keys').select('id').execute()).length;
  }

  /** Posts a complete, valid form with this token and these headers. */
  async function post(headers: Record<string, string>, token?: string) {
    await visitor.get(TAB);
    const fields = { label: 'typed <b>', expires: '1-week', request_id: visitor.requestId };
    const before = await countKeys();
    const answer = await visitor.post(
      TAB,
      token === undefined ? fields : { ...fields, _csrf: token },
      headers,
    );
    return { answer, made: (await countKeys()) - before };
  }

  const own = () => ({ origin: on.app.origin });
  const allowed: [string, () => Record<string, string>][] = [
    ['Sec-Fetch-Site: same-origin', () => ({ 'sec-fetch-site': 'same-origin' })],
    ['the own Origin', own],
    ['neither header', () => ({})],
    [
      'Sec-Fetch-Site: same-origin and a foreign Origin',
      () => ({ 'sec-fetch-site': 'same-origin', origin: 'null' }),
    ],
  ];
  for (const [what, headers] of allowed) {
    test(`with the token, a post with ${what} is carried out`, async () => {
      const { answer, made } = await post(headers());
      assert.equal(answer.status, 200);
      assert.equal(made, 1);
    });
  }

  const foreign: [string, Record<string, string>][] = [
    ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
    ['Sec-Fetch-Site: none', { 'sec-fetch-site': 'none' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['Origin: null', { origin: 'null' }],
  ];
  for (const [what, headers] of foreign) {
    test(`a post with ${what} is refused, with or without the token; the page echoes nothing and keeps log out`, async () => {
      for (const token of [undefined, 'wrong']) {
        const { answer, made } = await post(headers, token);
        assert.equal(answer.status, 403);
        assert.equal(made, 0);
        assert.ok(!answer.body.includes('typed'));
        assert.ok(answer.body.includes('>log out<'));
      }
    });
  }

  test('a stale token from our own page leads back to the form, with what was typed', async () => {
    for (const headers of [own(), { 'sec-fetch-site': 'same-origin' }]) {
      const { answer, made } = await post(headers, 'stale');
      assert.equal(answer.status, 303);
      assert.equal(made, 0);
      const { body } = await visitor.get(answer.location ?? '');
      assert.match(body, /Your session changed, so nothing was done\. Please try again\./);
      assert.match(body, /name="label" value="typed &lt;b&gt;"/);
      assert.match(body, /<option value="1-week" selected>/);
    }
  });

  test('a stale log-in form keeps the user name, never the password', async () => {
    const stranger = on.app.newVisitor();
    const fields = { username: visitor.username, password: PASSWORD, next: '/profile' };
    const answer = await stranger.post('/login', fields, own());
    assert.equal(answer.status, 303);
    assert.ok(!answer.location?.includes('battery'));
    assert.equal((await stranger.get('/')).status, 303);
    const { body } = await stranger.get(answer.location ?? '');
    assert.match(body, /Your session changed, so nothing was done\. Please try again\./);
    assert.match(body, new RegExp(`name="username" value="${visitor.username}"`));
    assert.match(body, /name="next" value="\/profile"/);
    assert.equal((await stranger.post('/login', fields, own())).status, 303);
  });

  test('a removal with a stale token asks again; a log out with one does not log out', async () => {
    const { id } = await visitor.createKey();
    const path = `${TAB}/${id}/remove`;
    const removal = await visitor.post(path, { _csrf: 'stale' }, own());
    assert.equal(removal.status, 303);
    const { body } = await visitor.get(removal.location ?? '');
    assert.match(body, /Your session changed, so nothing was done\. Please try again\./);
    assert.match(body, /Are you sure/);
    const logOut = await visitor.post('/logout', { _csrf: 'stale' }, own());
    assert.equal(logOut.status, 403);
    assert.match(logOut.body, /Your session changed, so nothing was done\. Please try again\./);
    assert.equal((await visitor.get(path)).status, 200);
  });

  test('a token is read from the body only, and only as one string', async () => {
    await visitor.get(TAB);
    const token = visitor.csrfToken;
    const fields = { label: '', expires: 'never', request_id: visitor.requestId };
    const before = await countKeys();
    const inQuery = await visitor.post(`${TAB}?_csrf=${token}`, { ...fields, _csrf: '' });
    const inHeader = await visitor.post(TAB, { ...fields, _csrf: '' }, { 'x-csrf-token': token });
    const twice = await visitor.post(TAB, [
      ...Object.entries(fields),
      ['_csrf', token],
      ['_csrf', token],
    ]);
    for (const answer of [inQuery, inHeader]) assert.equal(answer.status, 403);
    assert.equal(twice.status, 400);
    assert.equal(await countKeys(), before);
  });

  test("another session's token is refused", async () => {
    const other = await on.app.signIn(visitor.username);
    const { answer, made } = await post({}, other.csrfToken);
    assert.equal(answer.status, 403);
    assert.equal(made, 0);
  });

  test('a visitor who is signed out is sent to log in before the token is checked', async () => {
    const stranger = on.app.newVisitor();
    const answer = await stranger.post(
      TAB,
      { label: 'typed', expires: '1-week' },
      { origin: 'https://evil.example' },
    );
    assert.equal(answer.status, 303);
    const next = encodeURIComponent(`${TAB}?label=typed&expires=1-week&not_done=1`);
    assert.equal(answer.location, `/login?next=${next}`);
  });

  test('where PUBLIC_URL is set, posts must come from it', async () => {
    const proxied = await startApp(on.db, { publicUrl: 'http://keys.example.com' });
    const stranger = proxied.newVisitor();
    await stranger.get('/login');
    const fields = { username: visitor.username, password: PASSWORD };
    assert.equal((await stranger.post('/login', fields, { origin: proxied.origin })).status, 403);
    const right = await stranger.post('/login', fields, { origin: 'http://keys.example.com' });
    assert.equal(right.status, 303);
    await proxied.close();
  });
});
