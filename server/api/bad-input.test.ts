import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { sql } from 'kysely';
import { anyText } from '../testing/any-text.ts';
import { describeApp } from '../testing/describe-app.ts';
import { addUser, PASSWORD } from '../testing/users.ts';
import { actions } from './v3/actions.ts';
import { errors } from './v3/errors.ts';

const FORM = 'application/x-www-form-urlencoded';
const rightCredentials = { api_action: 'user.getapikey', username: 'ada', password: PASSWORD };
type Pairs = Record<string, string> | [string, string][];

describeApp('bad input to the API', (on) => {
  let key: string;
  before(async () => {
    await addUser(on.db, 'ada');
    const made = await fetch(`${on.app.origin}/api/?${new URLSearchParams(rightCredentials)}`);
    key = /"API_KEY":"(\w{64})"/.exec(await made.text())?.[1] ?? '';
    assert.notEqual(key, '');
  });

  /** The content before a test. */
  let unchanged: string;
  beforeEach(async () => {
    unchanged = await content();
  });
  afterEach(async () => {
    await on.app.settled();
    const log = on.app.logLines.join('').replace(/%([0-9a-f]{2})/gi, (_, code) => fromHex(code));
    on.app.logLines.length = 0;
    for (let at = 0; at + 20 <= key.length; at++) {
      const part = key.slice(at, at + 20).toLowerCase();
      assert.ok(!log.toLowerCase().includes(part), 'a key got into the log');
    }
    assert.ok(!log.includes(PASSWORD), 'a password got into the log');
    assert.doesNotMatch(log, /"level":50/);
  });

  /** Everything the API could change, except a key's last use. Events and rate limits may grow. */
  async function content(): Promise<string> {
    const { rows } = await sql`
      select (select json_agg(to_jsonb(k) - 'last_used_at' - 'last_used_ip' - 'last_used_agent' order by id)
          from api_keys k) as keys,
        (select json_agg(u order by id) from users u) as users,
        (select json_agg(s order by id) from sessions s) as sessions`.execute(on.db);
    return JSON.stringify(rows);
  }

  /**
   * Sends a request that must not change anything. Returns the error code of the answer, or 0; an
   * array of codes where the answer is an array.
   */
  async function send(path: string, init: RequestInit = {}): Promise<number | number[]> {
    const answer = await fetch(on.app.origin + path, { redirect: 'manual', ...init });
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get('content-type'), 'application/json;charset=UTF-8', path);
    const envelopes: unknown = JSON.parse(await answer.text());
    assert.equal(await content(), unchanged, path);
    return Array.isArray(envelopes) ? envelopes.map(codeIn) : codeIn(envelopes);
  }

  const post = (pairs: Pairs, path = '/api/') =>
    send(path, { method: 'POST', body: new URLSearchParams(pairs) });
  const get = (pairs: Pairs) => send(`/api/?${new URLSearchParams(pairs)}`);
  const batch = (json: unknown) =>
    post({
      api_key: key,
      api_action: 'batch',
      api_requestArray: typeof json === 'string' ? json : JSON.stringify(json),
    });

  const refused: [number, string, Pairs][] = [
    [2, 'no action', {}],
    [2, 'an empty action', { api_action: '' }],
    ...['foo.bar', 'linode.nothing', 'linode', '__proto__', 'constructor', 'test.echo\0', '💥'].map(
      (action): [number, string, Pairs] => [3, `the action ${action}`, { api_action: action }],
    ),
    ...['x', '1.5', '1e3', '0x10', '١', ' 1', 'Infinity', '9'.repeat(400)].map(
      (id): [number, string, Pairs] => [
        7,
        `${id.slice(0, 20)} where a number belongs`,
        { api_action: 'linode.list', LinodeID: id },
      ],
    ),
    [6, 'no user name', { api_action: 'user.getapikey', password: PASSWORD }],
    [6, 'an empty password', { api_action: 'user.getapikey', username: 'ada', password: '' }],
    [1, 'a name twice', [...Object.entries(rightCredentials), ['USERNAME', 'bob']]],
    [1, 'two actions', [...Object.entries(rightCredentials), ['api_action', 'test.echo']]],
    [7, 'an unknown format', { ...rightCredentials, api_responseFormat: 'wddx' }],
    [7, 'an expiry that is not a number', { ...rightCredentials, expires: 'soon' }],
    [8, 'an expiry before now', { ...rightCredentials, expires: '-1' }],
    [8, 'an expiry too far away', { ...rightCredentials, expires: '8761' }],
    [8, 'a label with a line break', { ...rightCredentials, label: 'a\nb' }],
    [8, 'a label with NUL', { ...rightCredentials, label: '\0' }],
  ];
  for (const [code, what, pairs] of refused) {
    test(`${what} is error ${code}, by GET and POST`, async () => {
      const sent = [...new URLSearchParams(pairs), ['api_key', key] satisfies [string, string]];
      assert.equal(await get(sent), code);
      assert.equal(await post(sent), code);
      assert.equal(await post(sent, '/'), code);
    });
  }

  const inBatch: [number[], string, unknown][] = [
    [[6], 'nothing', ''],
    [[11], 'a text', 'x'],
    [[11], 'half an array', '[{}'],
    [[11], 'an object', {}],
    ...[1, 'x', null, true, [], [[{}]]].map((item): [number[], string, unknown] => [
      [11],
      `[${JSON.stringify(item)}]`,
      [item],
    ]),
    [[11], 'arrays 30,000 deep', '['.repeat(30_000)],
    [[10], '26 requests', Array(26).fill({ api_action: 'test.echo' })],
    [[1], 'a batch', [{ api_action: 'BATCH' }]],
    [
      [1],
      'user.getapikey',
      [{ API_ACTION: 'User.GetAPIKey', username: 'ada', password: PASSWORD }],
    ],
    [[7], 'an array for a value', [{ api_action: 'test.echo', foo: [] }]],
    [[7], 'an object 5,000 deep', `[{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}]`],
    [[7], '__proto__', '[{"__proto__":{"api_action":"test.echo"}}]'],
    [[1], 'a name twice', [{ api_action: 'test.echo', Api_Action: 'linode.list' }]],
    [
      [2, 3, 7],
      'three bad requests',
      [{}, { api_action: 5 }, { api_action: 'domain.list', domainid: true }],
    ],
  ];
  for (const [codes, what, json] of inBatch) {
    test(`a batch of ${what} is an array of ${codes}`, async () => {
      assert.deepEqual(await batch(json), codes);
    });
  }

  test('values and names of 100 kB are answered', async () => {
    const long = 'x'.repeat(100_000);
    assert.equal(await post({ api_key: key, api_action: 'test.echo', foo: long }), 0);
    assert.equal(await post({ api_key: key, api_action: 'test.echo', [long]: 'foo' }), 0);
    assert.equal(await post({ api_key: key, api_action: long }), 3);
    assert.equal(await post({ api_key: long, api_action: 'test.echo' }), 4);
    assert.equal(await post({ ...rightCredentials, label: long }), 8);
    assert.equal(await post({ ...rightCredentials, username: long }), 4);
    assert.equal(await post({ ...rightCredentials, password: long }), 4);
  });

  test('NUL in a user name or a password is error 4', async () => {
    assert.equal(await post({ ...rightCredentials, username: 'ada\0' }), 4);
    assert.equal(await post({ ...rightCredentials, password: `${PASSWORD}\0` }), 4);
  });

  test('more than a thousand names are error 1, in the body and in the URL', async () => {
    const headers = { 'content-type': FORM };
    const names = (count: number) =>
      `${new URLSearchParams(rightCredentials)}${'&a'.repeat(count)}`;
    assert.equal(await send('/api/', { method: 'POST', body: names(998), headers }), 1);
    assert.equal(await send(`/api/?${names(998)}`), 1);
    assert.equal(await send('/api/', { method: 'POST', body: 'a&'.repeat(999), headers }), 2);
    assert.equal(await send(`/api/?${'a&'.repeat(999)}`), 2);
  });

  test('a body over 100 kB, and a compressed one, is error 1', async () => {
    assert.equal(await post({ ...rightCredentials, label: 'x'.repeat(110_000) }), 1);
    const body = gzipSync(`${new URLSearchParams(rightCredentials)}`);
    const headers = { 'content-type': FORM, 'content-encoding': 'gzip' };
    assert.equal(await send('/api/', { method: 'POST', body, headers }), 1);
  });

  const otherTypes = ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'x', ''];

  test('other content types are error 1', async () => {
    const body = String(new URLSearchParams(rightCredentials));
    for (const type of otherTypes) {
      const headers = { 'content-type': type };
      assert.equal(await send('/api/', { method: 'POST', body, headers }), 1, type);
      assert.equal(await send('/api/?foo=1', { method: 'POST', body, headers }), 1, type);
    }
  });

  test('a body of another content type is ignored where the URL names the action', async () => {
    const path = `/api/?api_action=domain.list&api_key=${key}`;
    for (const type of otherTypes) {
      for (const body of ['{}', 'api_action=foo.bar', '{'.repeat(200_000)]) {
        const headers = { 'content-type': type };
        assert.equal(await send(path, { method: 'POST', body, headers }), 0, type);
      }
    }
    assert.equal(await send('/api/?api_action=', { method: 'POST', body: '{}' }), 1);
  });

  test('a GET with a JSON body is answered, as lexicon and certbot send it', async () => {
    const path = `/api/?api_action=domain.list&api_key=${key}`;
    const sending = request(on.app.origin + path, {
      method: 'GET',
      headers: { 'content-type': 'application/json', 'content-length': 2 },
    });
    sending.end('{}');
    const [response]: IncomingMessage[] = await once(sending, 'response');
    assert.ok(response);
    assert.equal(await textOf(response), '{"ERRORARRAY":[],"DATA":[],"ACTION":"domain.list"}');
  });

  test('methods other than GET and POST are error 9, and do nothing', async () => {
    const path = `/api/?${new URLSearchParams(rightCredentials)}`;
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      assert.equal(await send(path, { method }), 9, method);
    }
    const answer = await fetch(on.app.origin + path, { method: 'HEAD' });
    assert.equal(answer.status, 200);
    assert.equal(await content(), unchanged);
  });

  test('a refusal echoes the action as sent, in the requested format', async () => {
    const human = '?API_responseFormat=HUMAN&api_ACTION=Linode.List';
    for (const [rest, method] of [
      ['', 'PUT'],
      ['&foo=1&foo=2', 'GET'],
      ['&linodeid=x', 'POST'],
    ] as const) {
      const answer = await fetch(`${on.app.origin}/api/${human}${rest}`, { method });
      assert.match(await answer.text(), /^ {2}"ACTION": "Linode.List"$/m, rest);
    }
  });

  test('no key is logged, wherever it is sent', async () => {
    const encoded = [...key].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');
    const paths = [key, encoded, key.slice(0, 32) + encoded.slice(96)].flatMap((text) => [
      `/${text}`,
      `/api/${text}/x`,
      `/profile/${text}?${text}`,
      `/auth/verify/${text}?api_key=${text}`,
      `/api/?api_action=${text}&${text}=1`,
      `/api/?api_action=test.echo&api_key=${text}&api_key=${text}x`,
      `/?api_action=user.getapikey&username=${text}&password=${text}`,
    ]);
    const headers = {
      'x-api-key': key,
      authorization: `Basic ${btoa(`${key}:${key}`)}`,
      cookie: key,
      referer: `http://localhost/${key}`,
      'user-agent': key,
      'x-request-id': key,
      'x-forwarded-for': key,
    };
    for (const path of paths) {
      await fetch(on.app.origin + path, { redirect: 'manual' });
      await fetch(on.app.origin + path, { redirect: 'manual', headers });
      await fetch(on.app.origin + path, { method: 'POST', body: key, redirect: 'manual' });
    }
    await batch([{ api_action: key, [key]: key }]);
    assert.ok(on.app.logLines.length > paths.length);
  });

  const text = fc.oneof(
    anyText(40),
    fc.constantFrom('\0', '\ud800', '%00', '-1', '1e9', 'human', 'ada', '[]', '[{}]', '{}', '💥'),
    fc.constant('').map(() => key),
  );
  const name = fc.oneof(
    fc.mixedCase(
      fc.constantFrom(
        ...['api_key', 'api_action', 'api_responseFormat', 'api_requestArray', 'username'],
        ...['password', 'label', 'expires', 'linodeid', '__proto__', 'a[]', 'a[b]', 'toString'],
      ),
    ),
    anyText(12),
  );
  const action = fc.oneof(
    fc.mixedCase(fc.constantFrom('batch', 'foo.bar', ...actions.map(({ name }) => name))),
    text,
  );
  const pairs = fc.array(fc.tuple(name, text), { maxLength: 5 });

  test('any input is answered with an envelope, or an array of them for a batch', async () => {
    await fc.assert(
      fc.asyncProperty(action, pairs, pairs, fc.boolean(), async (action, query, form, isPost) => {
        const all: [string, string][] = [['Api_Action', action], ...query];
        const sent = await send(`/?${new URLSearchParams(all)}`, {
          ...(isPost ? { method: 'POST', body: new URLSearchParams(form) } : {}),
          headers: { 'x-api-key': key },
        });
        assert.equal(Array.isArray(sent), action.toLowerCase() === 'batch');
      }),
      { numRuns: 200 },
    );
  });

  test('random bytes in the body and in the URL are answered with an envelope', async () => {
    const junk = fc.array(fc.constantFrom('%', '=', '&', '+', ';', '[', '%ff', '%00', 'a', '?'));
    const bytes = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(junk, bytes, async (junk, bytes) => {
        const body = Buffer.concat([Buffer.from('foo=1&api_action=test.echo&'), bytes]);
        const headers = { 'content-type': FORM, 'x-api-key': key };
        await send(`/api/?${junk.join('')}`, { method: 'POST', body, headers });
      }),
      { numRuns: 100 },
    );
  });

  test('a batch of anything is answered with an array of envelopes', async () => {
    const request = fc.dictionary(name, fc.oneof(text, fc.jsonValue()), { noNullPrototype: true });
    const withAction = fc.tuple(request, action).map(([request, action]) => {
      return { ...request, api_action: action };
    });
    const json = fc.oneof(
      fc.array(fc.oneof(request, withAction), { maxLength: 27 }),
      fc.jsonValue(),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(json, async (json) => {
        assert.ok(Array.isArray(await batch(json)));
      }),
      { numRuns: 100 },
    );
  });
});

/** The error code of an envelope, or 0. Throws for anything but an envelope. */
function codeIn(answer: unknown): number {
  assert.ok(typeof answer === 'object' && answer !== null);
  assert.deepEqual(Object.keys(answer), ['ERRORARRAY', 'DATA', 'ACTION']);
  const { ERRORARRAY, DATA, ACTION }: Record<string, unknown> = { ...answer };
  assert.equal(typeof ACTION, 'string');
  assert.ok(Array.isArray(ERRORARRAY) && ERRORARRAY.length <= 1);
  if (ERRORARRAY.length === 0) return 0;
  const { ERRORCODE, ERRORMESSAGE }: Record<string, unknown> = ERRORARRAY[0];
  assert.ok(typeof ERRORCODE === 'number' && ERRORCODE > 0 && ERRORCODE in errors);
  assert.equal(typeof ERRORMESSAGE, 'string');
  assert.deepEqual(DATA, {});
  return ERRORCODE;
}

function fromHex(code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16));
}
