import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { anyText } from './testing/any-text.ts';
import { describeApp } from './testing/describe-app.ts';
import { startSteps } from './testing/steps.ts';
import { addUser } from './testing/users.ts';
import type { Visitor } from './testing/visitor.ts';

const FORM = 'application/x-www-form-urlencoded';

describeApp('refused input', (on) => {
  let visitor: Visitor;
  /** A visitor between the steps of a log in, by the route of the step. */
  const atStep = new Map<string, Visitor>();
  let steps: Awaited<ReturnType<typeof startSteps>>;
  let routes: string[];
  /** The content before a test. */
  let unchanged: string;
  beforeEach(async () => {
    unchanged = await content();
  });
  before(async () => {
    await addUser(on.db, 'ada');
    visitor = await on.app.signIn('ada');
    steps = await startSteps(on.app, on.db, on.location);
    const { id } = await visitor.createKey({ label: 'kept' });
    // `/login` is for visitors who are logged out; tests that need it name it.
    routes = on.app
      .routes()
      .filter(({ method, path }) => method === 'POST' && path !== '/login')
      .map(({ path }) => path.replace(':id', id));
    assert.ok(routes.includes(`/profile/api-keys/${id}/remove`));
    for (const route of routes) {
      const pending = await steps.newVisitorAt(route);
      if (pending) atStep.set(route, pending);
    }
  });
  after(() => steps.close());

  /** All that a form could change, except events and failed attempts, which refusals add. */
  async function content(): Promise<string> {
    const { rows } = await sql`
      select (select json_agg(k order by id) from api_keys k) as keys,
        (select json_agg(json_build_array(u.id, u.time_zone, u.password_digest, u.disabled_at) order by id)
          from users u) as users,
        (select json_agg(t.user_id) from two_factor t) as two_factor,
        (select json_agg(d.id order by id) from devices d) as devices,
        (select json_agg(s.id order by id) from sessions s where ended_at is null and user_id is not null)
          as sessions`.execute(on.db);
    return JSON.stringify(rows);
  }

  async function refuses(path: string, body: string | Uint8Array<ArrayBuffer>, type = FORM) {
    const answer = await visitorFor(path).send(path, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
    assert.ok(answer.status >= 400 && answer.status < 500, `${path} ${answer.status}`);
    assert.equal(await content(), unchanged, path);
    return answer.status;
  }

  const visitorFor = (path: string) => atStep.get(path) ?? visitor;

  const withToken = (path: string, rest: string) =>
    `_csrf=${encodeURIComponent(visitorFor(path).csrfToken)}&${rest}`;

  const ambiguous = ['x=1&x=2', 'label[]=x', 'label[a]=b', '_csrf=again', 'a=1&a[]=2'];
  for (const fields of ambiguous) {
    test(`${fields} is 400 on every route, before anything else, also for the signed-out`, async () => {
      for (const route of routes) assert.equal(await refuses(route, withToken(route, fields)), 400);
      const stranger = await on.app.newVisitor().send('/login', {
        method: 'POST',
        body: `_csrf=x&${fields}`,
        headers: { 'content-type': FORM },
      });
      assert.equal(stranger.status, 400);
    });
  }

  test('a field that the form does not have is 400 on every route', async () => {
    for (const route of routes) {
      assert.equal(await refuses(route, withToken(route, 'surprise=1')), 400);
      assert.equal(await refuses(route, withToken(route, 'toString=1')), 400);
    }
  });

  test('a body over 10 kB is 413 on every route', async () => {
    for (const route of routes) {
      assert.equal(await refuses(route, withToken(route, `label=${'x'.repeat(10_300)}`)), 413);
    }
  });

  test('other content types, and broken ones, are refused on every route', async () => {
    const types = [
      'application/json',
      'text/plain',
      'multipart/form-data',
      `${FORM}; charset=utf-7`,
      'x',
      '',
    ];
    for (const route of routes) {
      for (const type of types) await refuses(route, withToken(route, 'label=x'), type);
    }
  });

  test('methods that a page does not have change nothing', async () => {
    for (const route of routes) {
      for (const method of ['PUT', 'PATCH', 'DELETE', 'PROPFIND', 'OPTIONS']) {
        const { status } = await visitor.send(route, { method });
        assert.ok(status < 500, `${method} ${route} ${status}`);
      }
    }
    assert.equal(await content(), unchanged);
    const { origin } = on.app;
    assert.match(await raw(origin, 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(
      await raw(origin, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(1_000_000)}\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    );
    assert.match(
      await raw(origin, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1\.1 [24]/,
    );
    assert.match(await raw(origin, 'GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 400 /);
  });

  test('random forms never get a 5xx, and a refused one changes nothing', async () => {
    const names = [
      'username',
      'label',
      'expires',
      'request_id',
      'note',
      'expires_date',
      'minutes',
      'time_zone',
      'password',
      'token',
      'next',
      '__proto__',
      '_csrf',
    ];
    const text = fc.oneof(
      anyText(200),
      fc.constantFrom('never', '1-day', 'UTC', '\0', '\ud800', '%00', '//evil', 'ada'),
    );
    const name = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 12 }));
    const form = fc.array(fc.tuple(name, text), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes, '/login'), form, async (route, fields) => {
        const before = await content();
        const { status } = await visitorFor(route).post(route, fields);
        assert.ok(status < 500, `${route} ${status}`);
        if (status >= 400) assert.equal(await content(), before);
        // A form without fields is valid on some routes, and may sign the visitor out.
        else if (!(await visitor.get('/')).body.includes('Signed in'))
          visitor = await on.app.signIn('ada');
      }),
      { numRuns: 150 },
    );
  });

  test('random bytes as a form never get a 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes),
        fc.uint8Array({ maxLength: 300 }),
        async (route, bytes) => {
          const body = Buffer.concat([Buffer.from(withToken(route, '')), bytes]);
          const headers = { 'content-type': FORM };
          const { status } = await visitorFor(route).send(route, { method: 'POST', body, headers });
          assert.ok(status < 500, `${route} ${status}`);
          if (!(await visitor.get('/')).body.includes('Signed in'))
            visitor = await on.app.signIn('ada');
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Sends bytes as they are, and returns what comes back until the server closes the connection. */
async function raw(origin: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  // The server may close the connection during the write, which is no failure of the test.
  socket.on('error', () => {});
  socket.end(request);
  await new Promise((resolve) => socket.on('close', resolve));
  return answer;
}
