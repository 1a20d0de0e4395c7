// Every route, read from the app itself, refuses the visitors who must not use it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { VERIFY_PATH } from './api/verify.ts';
import { describeApp } from './testing/describe-app.ts';
import { startSteps } from './testing/steps.ts';
import { addUser, PASSWORD } from './testing/users.ts';
import type { Visitor } from './testing/visitor.ts';

/** Sent to each route of the API: they handle all methods, and refuse most. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The routes that signed-out visitors may use, and why. All others redirect them to log in. */
const PUBLIC = new Map([
  ['GET /healthz', 'for the operator'],
  ['GET /readyz', 'for the operator'],
  ['GET /login', 'where users log in'],
  ['POST /login', 'where users log in'],
  ['GET /leaked', 'where a leaked key is reported, by anyone who has it'],
  ['POST /leaked', 'the key itself is the authority'],
  ['POST /logout', 'finishes a log out that was cut off; without a session it does nothing'],
]);

describeApp('every route', (on) => {
  /** The routes of pages. */
  let routes: { method: string; path: string }[];
  let apiPaths: string[];
  let ada: Visitor;
  let bob: Visitor;
  let steps: Awaited<ReturnType<typeof startSteps>>;
  let secret: string;
  let ids: { key: string; session: string; device: string };
  before(async () => {
    for (const username of ['ada', 'bob']) await addUser(on.db, username);
    steps = await startSteps(on.app, on.db, on.location);
    ada = await on.app.signIn('ada');
    bob = await on.app.signIn('bob');
    // A second session, and a key.
    await on.app.signIn('ada');
    const created = await ada.createKey();
    const { id } = created;
    secret = created.secret ?? '';
    const { body } = await ada.get('/profile/password');
    const idIn = (url: RegExp) => url.exec(body)?.[1] ?? '';
    ids = { key: id, session: idIn(/sessions\/(\d+)/), device: idIn(/devices\/(\d+)/) };
    const all = on.app.routes();
    routes = all
      .filter(({ method }) => method !== '*')
      .map(({ method, path }) => ({
        method,
        path: path.replace(':id', idFor(path)),
      }));
    const handlingAll = all.filter(({ method }) => method === '*');
    apiPaths = [VERIFY_PATH, ...handlingAll.map(({ path }) => path)];
  });
  after(() => steps.close());

  function idFor(path: string): string {
    if (path.includes('/devices/')) return ids.device;
    return path.includes('/sessions/') ? ids.session : ids.key;
  }

  const unsafe = () => routes.filter(({ method }) => !['GET', 'HEAD'].includes(method));

  test('the list covers the whole app, and every public route is on it', () => {
    const names = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    assert.ok(names.has(`POST /profile/api-keys/${ids.key}/remove`));
    assert.ok(names.has(`POST /profile/password/sessions/${ids.session}`));
    assert.ok(names.has(`POST /profile/password/devices/${ids.device}`));
    assert.ok(names.has('POST /login/two-factor'));
    assert.ok(names.has('POST /login/password'));
    assert.ok(names.has('POST /login/set-up/confirm'));
    assert.ok(names.has('POST /profile/password/two-factor/disable'));
    assert.ok(names.size >= 20, [...names].join('\n'));
    for (const name of PUBLIC.keys()) assert.ok(names.has(name), name);
    for (const { method } of routes) assert.match(method, /^(GET|HEAD|POST)$/);
  });

  test('the list has every route of the API', () => {
    assert.deepEqual(apiPaths, [VERIFY_PATH, '/api', '/api/', '/', '/api/whoami', '/api/key']);
  });

  test('no route of the API does anything without a key, even with a session', async () => {
    const before = await content();
    for (const visitor of [on.app.newVisitor(), ada]) {
      for (const [method, path] of apiRequests()) {
        const answer = await visitor.send(`${path}?api_action=account.info`, { method });
        const name = `${method} ${path} ${answer.status}`;
        assert.equal(answer.headers.get('cache-control'), 'no-store', name);
        assert.equal(answer.headers.get('set-cookie'), null, name);
        if (answer.status !== 200) assert.match(String(answer.status), /^40[15]$/, name);
        else if (method !== 'HEAD') assert.match(answer.body, /"ERRORCODE":[49],/, name);
      }
    }
    assert.equal(await content(), before);
  });

  test('each route of the API allows only its own methods', async () => {
    const before = await content();
    for (const [method, path] of apiRequests()) {
      const name = `${method} ${path}`;
      if (name === 'DELETE /api/key') continue;
      const headers = { 'x-api-key': secret };
      const answer = await ada.send(`${path}?api_action=test.echo`, { method, headers });
      const isAllowed =
        path === VERIFY_PATH ||
        (path === '/api/whoami' && method === 'GET') ||
        (/^(\/|\/api\/?)$/.test(path) && ['GET', 'POST'].includes(method));
      if (isAllowed) assert.doesNotMatch(answer.body, /"ERRORCODE"/, name);
      else if (answer.status !== 200) assert.equal(answer.status, 405, name);
      else if (method !== 'HEAD') assert.match(answer.body, /"ERRORCODE":9,/, name);
    }
    assert.equal(await content(), before);
  });

  test('no route of the API changes anything for a page of another site', async () => {
    const before = await content();
    const credentials = new URLSearchParams({
      api_action: 'user.getapikey',
      username: 'ada',
      password: PASSWORD,
    });
    for (const [method, path] of apiRequests()) {
      const headers = { 'x-api-key': secret, 'sec-fetch-site': 'cross-site' };
      const answer = await ada.send(`${path}?${credentials}`, { method, headers });
      const name = `${method} ${path}`;
      if (name === 'DELETE /api/key') assert.equal(answer.status, 403, name);
      if (/^(GET|POST) (\/|\/api\/?)$/.test(name)) assert.match(answer.body, /"ERRORCODE":13,/);
    }
    assert.equal(await content(), before);
  });

  function apiRequests(): [string, string][] {
    return apiPaths.flatMap((path) => METHODS.map((method): [string, string] => [method, path]));
  }

  test('the signed-out are sent to log in, and change nothing', async () => {
    const before = await content();
    for (const { method, path } of routes) {
      const name = `${method} ${path}`;
      if (PUBLIC.has(name.replace('HEAD', 'GET'))) continue;
      const answer = await on.app.newVisitor().send(path, { method });
      assert.equal(answer.status, 303, name);
      assert.match(answer.location ?? '', /^\/login(\?next=|$)/, name);
    }
    assert.equal(await content(), before);
  });

  test('without a recent password every route under /profile leads to Authenticate', async () => {
    const visitor = await on.app.signIn('ada', { authenticate: false });
    const before = await content();
    for (const { method, path } of routes) {
      if (!path.startsWith('/profile') || path === '/profile/authenticate') continue;
      const answer =
        method === 'POST' ? await visitor.post(path) : await visitor.send(path, { method });
      assert.equal(answer.status, 303, `${method} ${path}`);
      assert.match(answer.location ?? '', /^\/profile\/authenticate(\?next=|$)/);
    }
    assert.equal(await content(), before);
  });

  for (const page of ['/login/password', '/login/set-up']) {
    test(`while ${page} is due, every other page but log out leads there, and nothing is changed`, async () => {
      const visitor = await steps.newVisitorAt(page);
      assert.ok(visitor);
      const before = await content();
      for (const { method, path } of routes) {
        const isOpen = path === page || path.startsWith(`${page}/`) || path === '/logout';
        if (isOpen || /^\/(healthz|readyz|leaked)$/.test(path)) continue;
        const answer = await visitor.send(path, { method });
        assert.equal(answer.status, 303, `${method} ${path}`);
        assert.match(answer.location ?? '', new RegExp(`^${page}(\\?next=|$)`));
      }
      assert.equal((await visitor.get('/nothing')).location, `${page}?next=%2Fnothing`);
      assert.equal(await content(), before);
      await visitor.get(page);
      assert.equal((await visitor.post('/logout')).location, '/login');
    });
  }

  /** A visitor who may use a form: the forms of a log in are for signed-out visitors. */
  async function visitorFor(path: string): Promise<Visitor> {
    if (!path.startsWith('/login')) return ada;
    const pending = await steps.newVisitorAt(path);
    if (pending) return pending;
    const visitor = on.app.newVisitor();
    await visitor.get(path);
    return visitor;
  }

  const forged: [
    string,
    (visitor: Visitor, path: string) => ReturnType<Visitor['post']>,
    number,
  ][] = [
    ['no token', (visitor, path) => visitor.post(path, { _csrf: '' }), 403],
    [
      "another session's token",
      async (visitor, path) => {
        return visitor.post(path, { _csrf: bob.csrfToken });
      },
      403,
    ],
    [
      'the token in the query only',
      (visitor, path) =>
        visitor.post(`${path}?_csrf=${encodeURIComponent(visitor.csrfToken)}`, { _csrf: '' }),
      403,
    ],
    [
      'the token as a list',
      (visitor, path) =>
        visitor.post(path, [
          ['_csrf', visitor.csrfToken],
          ['_csrf', visitor.csrfToken],
        ]),
      400,
    ],
    [
      'the token in brackets',
      (visitor, path) => visitor.post(path, { _csrf: '', '_csrf[]': visitor.csrfToken }),
      400,
    ],
    [
      'a foreign Origin',
      (visitor, path) => visitor.post(path, {}, { origin: 'https://evil.example' }),
      403,
    ],
    ['Origin: null', (visitor, path) => visitor.post(path, {}, { origin: 'null' }), 403],
    [
      'Sec-Fetch-Site: cross-site',
      (visitor, path) => visitor.post(path, {}, { 'sec-fetch-site': 'cross-site' }),
      403,
    ],
    [
      'Sec-Fetch-Site: same-site',
      (visitor, path) => visitor.post(path, {}, { 'sec-fetch-site': 'same-site' }),
      403,
    ],
  ];
  for (const [what, post, status] of forged) {
    const isToken = what.includes('token') && status === 403;
    test(`a post with ${what} is ${status} on every route, and changes nothing`, async () => {
      // Reads the token of the session.
      await ada.get('/');
      const before = await content();
      for (const { method, path } of unsafe()) {
        assert.equal(method, 'POST');
        const visitor = await visitorFor(path);
        // /leaked has no token: the key itself is the authority, and this post has no key.
        const expected = path === '/leaked' && isToken ? 422 : status;
        assert.equal((await post(visitor, path)).status, expected, path);
      }
      assert.equal(await content(), before);
    });
  }

  test("another user's ids look absent on every route that takes one", async () => {
    const before = await content();
    const taking = routes.filter(({ path }) => /\/\d+/.test(path));
    assert.ok(taking.length >= 4);
    for (const { method, path } of taking) {
      if (method === 'HEAD') continue;
      const own = method === 'POST' ? await bob.post(path) : await bob.get(path);
      const absent = path.replace(/\d+/, '999999');
      const other = method === 'POST' ? await bob.post(absent) : await bob.get(absent);
      assert.equal(own.status, other.status, path);
      assert.equal(own.location, other.location, path);
      if (method === 'POST') assert.equal(own.status, 404, path);
      assert.ok(!own.body.includes('ada'), path);
    }
    assert.equal(await content(), before);
  });

  test('no GET or HEAD changes anything, whatever the visitor and the query', async () => {
    const queries = ['', '?label=x&expires=1-week&next=//evil&_method=DELETE&id=1'];
    for (const visitor of [ada, on.app.newVisitor()]) {
      await visitor.get('/login');
      const before = await content();
      for (const { method, path } of routes) {
        if (method === 'POST') continue;
        for (const query of queries) {
          const { status } = await visitor.send(path + query, { method });
          assert.ok(status < 400 || status === 404, `${method} ${path}${query} ${status}`);
        }
      }
      assert.equal(await content(), before);
    }
  });

  /** Everything stored, except what records requests themselves: events, counts, last uses. */
  async function content(): Promise<string> {
    const { rows } = await sql`
      select (select json_agg(to_jsonb(k) - 'last_used_at' - 'last_used_ip' - 'last_used_agent'
          order by id) from api_keys k) as keys,
        (select json_agg(json_build_array(u.id, u.email, u.time_zone, u.password_digest, u.permissions,
          u.disabled_at) order by id) from users u) as users,
        (select json_agg(json_build_array(t.*) order by user_id) from two_factor t) as two_factor,
        (select json_agg(json_build_array(p.*) order by user_id) from pending_two_factor p) as pending,
        (select json_agg(json_build_array(s.*) order by digest) from scratch_codes s) as scratch_codes,
        (select json_agg(json_build_array(d.id, d.user_id, d.trusted_until) order by id) from devices d
          where user_id = 1) as devices,
        (select json_agg(json_build_array(s.id, s.user_id) order by id) from sessions s
          where user_id is not null and ended_at is null and user_id = 1) as sessions`.execute(
      on.db,
    );
    return JSON.stringify(rows);
  }
});
