// No request may keep the process from answering others, whatever any part of it contains.
import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnDatabase } from '../db/testing/describe.ts';
import { actions } from './api/v3/actions.ts';
import { formAt } from './forms/forms.ts';
import { startApp } from './testing/app.ts';
import { startSteps } from './testing/steps.ts';
import { addUser } from './testing/users.ts';
import type { Visitor } from './testing/visitor.ts';

/**
 * How much CPU time of this process a request may cost, and so how long it may delay another one. Other
 * load on the machine does not count. The faults that this test was written for took seconds.
 */
const MOST_MS = 400;
const FORM = 'application/x-www-form-urlencoded';

/** Texts that some code reads in quadratic time, or that become longer when they are encoded. */
const texts: Record<string, (length: number) => string> = {
  letters: (length) => 'x'.repeat(length),
  spaces: (length) => `x${' '.repeat(length)}x`,
  // Composing them (NFC) puts each of the second half before all of the first.
  'combining marks': (length) => `a${'\u0301'.repeat(length / 4)}${'\u0316'.repeat(length / 4)}`,
  'alternating marks': (length) => `a${'\u0300\u0316'.repeat(length / 4)}`,
  'encoded control characters': (length) => '%01'.repeat(length / 3),
  'broken encoding': (length) => '%'.repeat(length),
  separators: (length) => 'a&'.repeat(length / 2),
  'many fields': (length) => 'a=1&'.repeat(length / 4),
  'equal signs and semicolons': (length) => '=;'.repeat(length / 2),
  'deep JSON': (length) => '['.repeat(length),
  'deep objects': (length) => '{"a":'.repeat(length / 5),
  'thousands of batch items': (length) => `[${'{},'.repeat(length / 3)}{}]`,
  slashes: (length) => '/'.repeat(length),
  dots: (length) => '../'.repeat(length / 3),
};

/** Every page. `POST /` belongs to the API, so `/` has no fields here. */
const pages = [
  '/',
  '/login',
  '/login/two-factor',
  '/login/password',
  '/login/set-up',
  '/login/set-up/confirm',
  '/logout',
  '/meanwhile',
  '/profile',
  '/profile/authenticate',
  '/profile/password',
  '/profile/password/two-factor',
  '/profile/password/two-factor/confirm',
  '/profile/password/two-factor/disable',
  '/profile/password/two-factor/scratch-codes',
  '/profile/password/sessions',
  '/profile/password/sessions/1',
  '/profile/password/devices/1',
  '/profile/api-keys',
  '/profile/api-keys/search',
  '/profile/api-keys/remove-selected',
  '/profile/api-keys/pause-selected',
  '/profile/api-keys/resume-selected',
  '/profile/api-keys/undo',
  '/profile/api-keys/dismiss-reports',
  '/profile/api-keys/1/first-call',
  '/profile/api-keys/1',
  '/profile/api-keys/1/rotate',
  '/profile/api-keys/1/pause',
  '/profile/api-keys/1/resume',
  '/profile/api-keys/1/remove',
  '/leaked',
  '/profile/activity',
  '/profile/activity/download.csv',
  '/profile/activity/download.ndjson',
  '/documentation',
  '/nothing',
];

/** What the URL of a page may say, where it has no form. */
const queryFields: Record<string, string[]> = {
  '/profile/activity': ['key', 'kind', 'before', 'after'],
};

/** The fields of a page: those of its form come from the table of all forms. */
function fieldsOf(path: string): string[] {
  if (path === '/') return [];
  const fields = Object.keys(formAt(path)).map((name) => name.replace('<id>', '9'));
  return [...fields, ...(queryFields[path] ?? []), '_csrf'];
}

/** They read nothing from a request. */
const probes = ['/healthz', '/readyz'];

const headerNames = [
  ...['authorization', 'x-api-key', 'cookie', 'user-agent', 'x-forwarded-for', 'x-forwarded-host'],
  ...['x-forwarded-proto', 'origin', 'referer', 'sec-fetch-site', 'content-type', 'accept'],
  ...['if-none-match', 'if-modified-since', 'range', 'content-encoding', 'x-anything'],
];

describeOnDatabase('hostile input', (on) => {
  let app: Awaited<ReturnType<typeof startApp>>;
  let steps: Awaited<ReturnType<typeof startSteps>>;
  let ada: Visitor;
  let key: string;
  before(async () => {
    app = await startApp(on.db, { trustProxy: 2 }, on.location);
    steps = await startSteps(app, on.db, on.location);
    await addUser(on.db, 'ada');
    ada = await app.signIn('ada');
    // The tests of the pages below remove the first key.
    await ada.createKey();
    key = (await ada.createKey()).secret;
    // What is slow only once, such as compiling a view, is done before the tests.
    await ada.get('/profile/password');
    await send({ path: '/api/?api_action=api.spec' });
  });
  after(async () => {
    await steps.close();
    await app.close();
  });
  // Otherwise the rate limit would soon refuse to check the password.
  beforeEach(() => sql`delete from throttle`.execute(on.db));

  interface Sent {
    origin?: string;
    path: string;
    method?: string;
    headers?: Record<string, string>;
    body?: string;
  }

  interface Received {
    status: number;
    headers: IncomingHttpHeaders;
    body: string;
  }

  function send({
    origin = app.origin,
    path,
    method = 'GET',
    headers = {},
    body = '',
  }: Sent): Promise<Received> {
    return new Promise((resolve, reject) => {
      const sending = request(origin, { path, method, headers });
      // The server may close the connection before it has read the body.
      sending.on('error', reject);
      sending.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      });
      sending.end(body);
    });
  }

  /** Sends a request, and asserts that its CPU time could not delay other requests for long. */
  async function answer(what: string, sent: Sent): Promise<Received> {
    const start = process.cpuUsage();
    const received = await send(sent);
    const { user, system } = process.cpuUsage(start);
    const cost = Math.round((user + system) / 1_000);
    assert.ok(cost < MOST_MS, `${what} cost ${cost} ms`);
    return received;
  }

  const hostile = (length: number) =>
    Object.entries(texts).map(([name, text]): [string, string] => [name, text(length)]);
  /** As long as the limit of a URL allows; encoded, one mark takes six characters. */
  const readQueries = Object.entries(texts).map(([name, text]): [string, string] => {
    const query = inUrl(text(7_000));
    return [name, query.length < 7_500 ? query : inUrl(text(2_000))];
  });
  const queries = [...readQueries, ['too long', 'x'.repeat(40_000)] satisfies [string, string]];
  const tooLongQueries = hostile(40_000).map(([name, text]): [string, string] => [
    `too long, ${name}`,
    inUrl(text),
  ]);

  test('the list has every route', () => {
    // Routes for all methods belong to the API.
    const paths = app
      .routes()
      .filter(({ method }) => method !== '*')
      .map(({ path }) => path);
    const listed = [...pages, ...probes];
    for (const path of paths) {
      const page = path.replace(':id', '1');
      assert.ok(listed.includes(page), `${page} is not on the list`);
    }
  });

  for (const path of pages) {
    const fields = fieldsOf(path);
    test(`${path} refuses or ignores hostile texts in each field and in the query`, async () => {
      const visitor = (await steps.newVisitorAt(path)) ?? ada;
      const { origin } = visitor;
      const headers = { cookie: visitor.cookieHeader(), 'content-type': FORM };
      const csrf = `_csrf=${encodeURIComponent(visitor.csrfToken)}`;
      // What is slow only once, such as compiling the view, is done before the measurements.
      await send({ origin, path, headers });
      const post = (what: string, body: string) =>
        answer(what, { origin, path, method: 'POST', headers, body });
      for (const field of fields) {
        for (const [name, text] of hostile(9_000)) {
          const body = field === '_csrf' ? `_csrf=${text}` : `${csrf}&${field}=${text}`;
          const { status } = await post(`${field} ${name}`, body);
          assert.ok(status < 500, `${field} ${name} ${status}`);
        }
      }
      // A body is refused for its length alone, so one text is enough.
      if (fields.length > 0) {
        assert.equal((await post('too long', `${csrf}&x=${'x'.repeat(100_000)}`)).status, 413);
      }
      for (const [name, text] of queries) {
        const sent = { origin, path: `${path}?label=x&next=${text}`, headers };
        const { status } = await answer(`query ${name}`, sent);
        assert.ok(status < 500, `query ${name} ${status}`);
        if (sent.path.length > 8_192) assert.equal(status, 414, `query ${name}`);
      }
    });
  }

  const api: Record<string, string[]> = {
    ...Object.fromEntries(actions.map(({ name, takes }) => [name, Object.keys(takes)])),
    'test.echo': ['api_action', 'api_key', 'api_responseFormat', 'foo'],
    batch: ['api_requestArray'],
  };
  for (const [action, fields] of Object.entries(api)) {
    test(`${action} answers hostile texts in each field and in the query with an envelope`, async () => {
      const headers = { 'content-type': FORM };
      const known = `api_action=${action}&api_key=${key}&username=ada&password=x`;
      for (const field of fields) {
        const rest = known.replace(new RegExp(`(^|&)${field}=[^&]*`), '');
        for (const [name, text] of hostile(100_000)) {
          const body = `${rest}&${field}=${text}`;
          const sent = { path: '/api/', method: 'POST', headers, body };
          isEnvelope(`${field} ${name}`, body, await answer(`${field} ${name}`, sent));
        }
      }
      for (const [name, text] of queries) {
        const path = `/api/?${known}&foo=${text}`;
        isEnvelope(`query ${name}`, path, await answer(`query ${name}`, { path }));
      }
    });
  }

  /** Encodes only the characters that no program can send in a URL. */
  function inUrl(text: string): string {
    return text.replace(/[^\x21-\x7e]+/g, encodeURIComponent).slice(0, 40_000);
  }

  function inHeader(text: string): string {
    return Buffer.from(text).toString('latin1').slice(0, 40_000);
  }

  function isEnvelope(what: string, sent: string, { status, body }: Received) {
    assert.equal(status, 200, what);
    const envelopes = [JSON.parse(body)].flat();
    for (const { ACTION, ERRORARRAY } of envelopes) {
      assert.ok(ACTION.length <= 64, what);
      assert.ok(ERRORARRAY.length <= 1, what);
    }
    // A control character is three bytes in a form, and six in JSON.
    const most = 20_000 + 3 * Buffer.byteLength(sent);
    assert.ok(body.length < most, `${what} was answered with ${body.length} bytes`);
  }

  const others: Record<string, number[]> = {
    '/login': [200, 414],
    '/api/': [200],
    ...Object.fromEntries(probes.map((path) => [path, [200]])),
    '/assets/css/main.css': [200, 414],
    '/api/whoami': [200, 414],
    '/api/key': [405, 414],
    '/api/nothing': [404],
  };
  for (const [path, expected] of Object.entries(others)) {
    test(`${path} refuses or ignores hostile texts in the query`, async () => {
      for (const [name, text] of [...queries, ...tooLongQueries]) {
        const sent = { path: `${path}?${text}`, headers: { 'x-api-key': key } };
        const { status } = await answer(name, sent);
        assert.ok(expected.includes(status), `${name} ${status}`);
      }
    });
  }

  test('the gateway check answers hostile texts in the query with 401 or 403', async () => {
    const authorization = `Bearer ${key}`;
    for (const [name, text] of [...queries, ...tooLongQueries]) {
      const path = `/auth/verify?permission=${text}`;
      const { status, headers } = await answer(name, { path, headers: { authorization } });
      // A long name that is within the limits is a permission that the user does not have.
      if (path.length <= 8_192 && status === 403) continue;
      assert.equal(status, 401, name);
      assert.match(headers['www-authenticate'] ?? '', /error="invalid_request"/, name);
    }
  });

  /**
   * The lengths of the texts, by path. A head that is too long is refused before routing, but the pages,
   * the API and the gateway check each answer it in their own way.
   */
  const paths: Record<string, number[]> = {
    '/': [8_000],
    '/login': [8_000, 40_000],
    '/profile/api-keys': [8_000],
    '/api/': [8_000, 40_000],
    '/api/whoami': [8_000],
    '/auth/verify': [8_000, 40_000],
  };
  for (const [path, lengths] of Object.entries(paths)) {
    test(`${path} answers hostile texts in each header`, async () => {
      for (const header of headerNames) {
        for (const [name, text] of lengths.flatMap(hostile)) {
          for (const value of [text, `Bearer ${text}`, `Basic ${btoa(encodeURI(text))}`]) {
            if (value !== text && header !== 'authorization') continue;
            const headers = { [header]: inHeader(value) };
            const what = `${header} ${name}`;
            const { status } = await answer(what, { path, headers });
            assert.ok(status < 500, `${what} ${status}`);
            if (path === '/auth/verify') assert.equal(status, 401, what);
            if (path === '/api/') assert.equal(status, 200, what);
          }
        }
      }
    });
  }
});
