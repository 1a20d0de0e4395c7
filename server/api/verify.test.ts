import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { beforeEach, describe, type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from '../../db/database.ts';
import {
  allowConnections,
  createTestDatabase,
  dropTestDatabase,
  noPostgres,
} from '../../db/testing/databases.ts';
import { setDisabled } from '../../db/users.ts';
import { makeSecret } from '../api-keys/secret.ts';
import { startApp } from '../testing/app.ts';
import { describeProxiedApp } from '../testing/describe-app.ts';
import { addUser } from '../testing/users.ts';
import type { Visitor } from '../testing/visitor.ts';

describeProxiedApp('the gateway check', (on) => {
  let owner: Visitor;
  let key: string;
  beforeEach(async () => {
    owner = await on.app.signInNewUser();
    key = await newKey();
  });

  async function newKey(expires = 'never'): Promise<string> {
    const { secret } = await owner.createKey({ expires });
    assert.notEqual(secret, '');
    return secret;
  }

  /** Sends a check, and returns the status and the values of the X-Auth- headers. */
  async function ask(headers: HeadersInit, path = '/auth/verify', method = 'GET') {
    const answer = await fetch(on.app.origin + path, { headers, method });
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(await answer.text(), '');
    const said = (name: string) => answer.headers.get(`x-auth-${name}`);
    return {
      status: answer.status,
      challenge: answer.headers.get('www-authenticate'),
      user: said('user'),
      key: said('key'),
      permissions: said('permissions'),
      expires: said('expires'),
      reason: said('reason'),
    };
  }

  test('every answer has the security headers that apply to it', async (t) => {
    const secure = await startApp(on.db, { secure: true }, on.location);
    t.after(() => secure.close());
    for (const { origin } of [on.app, secure]) {
      for (const headers of [bearer(key), {}]) {
        const answer = await fetch(`${origin}/auth/verify`, { headers });
        assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
        const hsts = origin === secure.origin ? 'max-age=31536000' : null;
        assert.equal(answer.headers.get('strict-transport-security'), hsts);
      }
    }
  });

  const change = (columns: string, secret = key) =>
    sql`update api_keys set ${sql.raw(columns)} where prefix = ${secret.slice(0, 16)}`.execute(
      on.db,
    );
  const basic = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  });
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

  test('a good key passes in each way of sending it, and the answer says whose it is', async () => {
    const ways: [string, HeadersInit][] = [
      ['Bearer', bearer(key)],
      ['bearer, small', { authorization: `bearer   ${key}` }],
      ['Basic, as the password', basic('anybody', key)],
      ['Basic, as the user name', basic(key, '')],
      ['Basic, without a colon', { authorization: `Basic ${btoa(key)}` }],
      ['X-API-Key', { 'x-api-key': key }],
      ['Basic, from a file', basic('anybody', `${key}\n`)],
      ['Basic, as the user name, from a file', basic(`${key}\r\n`, '')],
      ['X-API-Key with a no-break space', { 'x-api-key': `${key}\u00a0` }],
      ['Bearer with a no-break space', { authorization: `Bearer ${key}\u00a0` }],
      ['the same key twice', { ...bearer(key), 'x-api-key': key }],
    ];
    for (const [way, headers] of ways) {
      const answer = await ask(headers);
      assert.equal(answer.status, 204, way);
      const { status: _, challenge, ...identity } = answer;
      assert.equal(challenge, null);
      assert.deepEqual(
        identity,
        { user: owner.username, key: key.slice(0, 16), permissions: '*', expires: '', reason: '' },
        way,
      );
    }
  });

  test('any method, and any path below, gets the same answer', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      assert.equal((await ask(bearer(key), '/auth/verify', method)).status, 204, method);
      assert.equal((await ask({}, '/auth/verify', method)).status, 401, method);
    }
    for (const path of ['/auth/verify/', '/auth/verify/a/b?c=d', '/auth/verify//login']) {
      assert.equal((await ask(bearer(key), path)).status, 204, path);
      assert.equal((await ask({}, path)).status, 401, path);
    }
    for (const path of ['/auth/verify/../../login', '/auth/verify/%2e%2e/login']) {
      assert.match(await sendRaw([], path), /^HTTP\/1\.1 401 /, path);
    }
    const withBody = await fetch(`${on.app.origin}/auth/verify`, {
      method: 'POST',
      headers: bearer(key),
      body: 'x'.repeat(100_000),
    });
    assert.equal(withBody.status, 204);
    assert.equal(
      (await fetch(`${on.app.origin}/auth/verifyx`, { headers: bearer(key) })).status,
      404,
    );
  });

  test('without a key: 401, with no error code (RFC 6750)', async () => {
    for (const headers of [
      {},
      { authorization: '' },
      { authorization: 'Digest x' },
      { authorization: 'Bearer' },
      basic('', ''),
      basic(' ', '\n'),
      { 'x-api-key': '' },
      { cookie: `key=${key}` },
    ]) {
      const { status, challenge, reason } = await ask(headers);
      assert.equal(status, 401);
      assert.equal(challenge, 'Bearer realm="api"');
      assert.equal(reason, 'missing');
    }
  });

  test('a text that is not an existing key is unknown, and the identity headers are empty', async () => {
    const wrong = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
    for (const secret of [
      'x',
      wrong,
      `${key}x`,
      key.toLowerCase(),
      makeSecret(),
      `${key} ${key}`,
    ]) {
      const { status, challenge, ...identity } = await ask(bearer(secret));
      assert.equal(status, 401);
      assert.match(challenge ?? '', /^Bearer realm="api", error="invalid_token"/);
      assert.deepEqual(identity, {
        user: '',
        key: '',
        permissions: '',
        expires: '',
        reason: 'unknown',
      });
    }
  });

  test('two different keys at once are refused, also in two headers of one name', async () => {
    const other = await newKey();
    const { status, challenge, user } = await ask({ ...bearer(key), 'x-api-key': other });
    assert.equal(status, 401);
    assert.match(challenge ?? '', /error="invalid_request"/);
    assert.equal(user, '');

    const lines = [`Authorization: Bearer ${key}`, `Authorization: Bearer ${other}`];
    assert.match(await sendRaw(lines), /^HTTP\/1\.1 401 .*error="invalid_request"/s);
    assert.match(await sendRaw(lines.slice(0, 1)), /^HTTP\/1\.1 204 /);
  });

  test('a key in the URL is refused, even beside a good one in a header', async () => {
    for (const query of [
      `api_key=${key}`,
      `API_KEY=${key}`,
      `access_token=x`,
      `q=${key}`,
      `q=%6c${key.slice(1)}`,
      `q=${key}%0A`,
    ]) {
      for (const headers of [{}, bearer(key)]) {
        const { status, challenge } = await ask(headers, `/auth/verify?${query}`);
        assert.equal(status, 401, query);
        assert.match(challenge ?? '', /error="invalid_request"/);
      }
    }
  });

  test('a key that exists and is refused is answered with the reason', async () => {
    const secret = await newKey('1-hour');
    assert.match((await ask(bearer(secret))).expires ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    await change(`expires_at = '2026-01-02T03:04:05Z'`, secret);
    const expired = await ask(bearer(secret));
    assert.equal(expired.status, 401);
    assert.equal(expired.reason, 'expired');
    assert.equal(expired.expires, '2026-01-02T03:04:05.000Z');
    assert.equal(expired.user, '');
    assert.match(expired.challenge ?? '', /invalid_token.*The key expired at 2026-01-02T03:04:05/);

    await change('expires_at = null', secret);
    await setDisabled(on.db, owner.username, true);
    assert.equal((await ask(bearer(secret))).reason, 'disabled');
    await setDisabled(on.db, owner.username, false);
    assert.equal((await ask(bearer(secret))).status, 204);
    await change('removed_at = now()', secret);
    assert.equal((await ask(bearer(secret))).reason, 'removed');
    await change('digest = null', secret);
    assert.equal((await ask(bearer(secret))).reason, 'unknown');
  });

  test('a paused key is refused until its pause is over, and says when a timed one ends', async () => {
    const secret = await newKey();
    const retryAfter = async () => {
      const answer = await fetch(`${on.app.origin}/auth/verify`, { headers: bearer(secret) });
      return `${answer.status} ${answer.headers.get('retry-after')}`;
    };
    await change(`paused_until = 'infinity'`, secret);
    assert.equal((await ask(bearer(secret))).reason, 'paused');
    assert.match((await ask(bearer(secret))).challenge ?? '', /The key is paused/);
    assert.equal(await retryAfter(), '401 null');
    await change(`paused_until = now() + interval '15 minutes'`, secret);
    assert.match(await retryAfter(), /^401 (900|89\d)$/);
    await change(`paused_until = now()`, secret);
    assert.equal(await retryAfter(), '204 null');
    await change(`paused_until = 'infinity', expires_at = now()`, secret);
    assert.equal((await ask(bearer(secret))).reason, 'expired');
  });

  test('a key that ends soon, or was replaced, has a Sunset header (RFC 8594)', async () => {
    const secret = await newKey();
    const sunset = async () => {
      const answer = await fetch(`${on.app.origin}/auth/verify`, { headers: bearer(secret) });
      assert.equal(answer.status, 204);
      return answer.headers.get('sunset');
    };
    assert.equal(await sunset(), null);
    await change(`replaced_at = now()`, secret);
    assert.equal(await sunset(), null);
    await change(`expires_at = '2100-01-02T03:04:05Z'`, secret);
    assert.equal(await sunset(), 'Sat, 02 Jan 2100 03:04:05 GMT');
    await change(`replaced_at = null`, secret);
    assert.equal(await sunset(), null);
    await change(
      `created_at = now() - interval '1 year', expires_at = now() + interval '1 day'`,
      secret,
    );
    assert.match((await sunset()) ?? '', / GMT$/);
  });

  test('permissions are those that the user has now, and a check for another one is 403', async () => {
    await sql`update users set permissions = '{domains,linodes}'`.execute(on.db);
    const asking = (query: string) => ask(bearer(key), `/auth/verify?${query}`);
    assert.equal((await asking('permission=domains')).permissions, 'domains linodes');
    assert.equal((await asking('permission=domains&permission=linodes')).status, 204);
    const refused = await asking('permission=domains&permission=account');
    assert.equal(refused.status, 403);
    assert.equal(
      refused.challenge,
      'Bearer realm="api", error="insufficient_scope", scope="account"',
    );
    assert.equal(refused.user, owner.username);
    assert.equal((await ask({}, '/auth/verify?permission=domains')).status, 401);

    await sql`update users set permissions = '{*}'`.execute(on.db);
    assert.equal((await asking('permission=account')).status, 204);
    // No user has these, since they are not names of permissions. The answer does not repeat them.
    for (const name of ['', '*', 'a"b', 'a%0d%0ab', 'A']) {
      const { status, challenge } = await asking(`permission=${name}`);
      assert.equal(status, 403, name);
      assert.equal(challenge, 'Bearer realm="api", error="insufficient_scope"');
    }
    await sql`update users set permissions = '{}'`.execute(on.db);
    assert.equal((await asking('permission=domains')).status, 403);
    assert.equal((await asking('')).status, 204);
    await sql`update users set permissions = '{*}'`.execute(on.db);
  });

  test('a use is written before the process ends, with its address and user agent', async () => {
    const secret = await newKey();
    const other = await startApp(on.db, { trustProxy: 1 }, on.location);
    await fetch(`${other.origin}/auth/verify`, {
      headers: { ...bearer(secret), 'x-forwarded-for': '203.0.113.77', 'user-agent': 'curl/8' },
    });
    await other.close();
    const { rows } = await sql`select last_used_ip, last_used_agent from api_keys
      where prefix = ${secret.slice(0, 16)} and last_used_at is not null`.execute(on.db);
    assert.deepEqual(rows, [{ last_used_ip: '203.0.113.77', last_used_agent: 'curl/8' }]);
  });

  test('a refused check of a paused key is a late use', async () => {
    const secret = await newKey();
    await change(`paused_until = 'infinity'`, secret);
    const other = await startApp(on.db, {}, on.location);
    await fetch(`${other.origin}/auth/verify`, { headers: bearer(secret) });
    await other.close();
    const { rows } = await sql`select late_use_count, last_used_at from api_keys
      where prefix = ${secret.slice(0, 16)}`.execute(on.db);
    assert.deepEqual(rows, [{ late_use_count: 1, last_used_at: null }]);
  });

  test('a refused check is in the log, with the reason and the prefix of the key', async () => {
    await change('removed_at = now()');
    on.app.logLines.length = 0;
    await ask(bearer(key));
    await ask(bearer('a typo'));
    assert.equal(on.app.logLines.length, 2);
    const lines: Record<string, unknown>[] = on.app.logLines.map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ path, status, outcome, keys }) => ({ path, status, outcome, keys })),
      [
        { path: '/auth/verify', status: 401, outcome: 'removed', keys: [key.slice(0, 16)] },
        { path: '/auth/verify', status: 401, outcome: 'unknown', keys: [] },
      ],
    );
  });

  test('good checks are not logged, and no line of the log contains a key', async () => {
    on.app.logLines.length = 0;
    await ask(bearer(key));
    assert.equal(on.app.logLines.length, 0);
    for (const path of [
      `/api/whoami?x=${key}`,
      `/api/${key}`,
      `/api/?api_action=${key}&api_key=${key}`,
      `/api/?api_action=test.echo&api_key=${key}`,
    ]) {
      await fetch(on.app.origin + path, { headers: bearer(key) });
    }
    assert.equal(on.app.logLines.length, 4);
    assert.ok(!on.app.logLines.join('').includes(key));
    assert.match(
      on.app.logLines[3] ?? '',
      /"action":"test\.echo","user":\d+,"key":"lmk\w{13}","outcome":"ok"/,
    );
  });

  test('a cookie has no effect on the API, and a key none on the pages', async () => {
    const visitor = await on.app.signInNewUser();
    assert.equal((await visitor.send('/api/key', { method: 'DELETE' })).status, 401);
    assert.equal((await visitor.get('/auth/verify')).status, 401);
    assert.match((await visitor.get('/?api_action=account.info')).body, /"ERRORCODE":4/);
    for (const path of ['/', '/profile', '/profile/api-keys', '/documentation']) {
      assert.equal((await on.app.newVisitor().get(path, bearer(key))).status, 303, path);
    }
  });

  /** Sends a request that fetch would not send, and returns the whole answer. */
  async function sendRaw(lines: string[], target = '/auth/verify'): Promise<string> {
    const socket = connect(Number(new URL(on.app.origin).port), '127.0.0.1');
    socket.write(
      [`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close', ...lines, '', ''].join('\r\n'),
    );
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return answer;
  }
});

describe('the gateway check with PostgreSQL away', { skip: noPostgres }, () => {
  test('is answered with 503 in time, never passes, and works again by itself', async (t) => {
    const { url, db, app } = await startOnPostgres(t);
    await addUser(db, 'ada');
    const { secret } = await (await app.signIn('ada')).createKey();
    const ask = () => fetch(`${app.origin}/auth/verify`, { headers: { 'x-api-key': secret } });
    assert.equal((await ask()).status, 204);

    await allowConnections(url, false);
    app.logLines.length = 0;
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    for (const answer of answers) {
      assert.equal(answer.status, 503);
      assert.equal(answer.headers.get('x-auth-user'), '');
      assert.ok(Number(answer.headers.get('retry-after')) > 0);
    }
    assert.ok(app.logLines.some((line) => line.includes('keys could not be checked')));
    const whoami = await fetch(`${app.origin}/api/whoami`, { headers: { 'x-api-key': secret } });
    assert.equal(whoami.status, 503);
    const echo = await fetch(`${app.origin}/api/?api_action=test.echo&api_key=${secret}`);
    assert.equal(echo.status, 503);
    assert.match(await echo.text(), /^\{"ERRORARRAY":\[\{"ERRORCODE":14,.*"ACTION":"test.echo"\}$/);
    // Junk needs no database to be refused.
    assert.equal(
      (await fetch(`${app.origin}/auth/verify`, { headers: { 'x-api-key': 'x' } })).status,
      401,
    );

    await allowConnections(url, true);
    assert.equal((await ask()).status, 204);
  });

  test('a statement that hangs ends in 503 for all requests that wait', async (t) => {
    const { db, app } = await startOnPostgres(t);
    const ask = () =>
      fetch(`${app.origin}/auth/verify`, { headers: { 'x-api-key': makeSecret() } });
    assert.equal((await ask()).status, 401);
    await db.transaction().execute(async (trx) => {
      await sql`lock table api_keys`.execute(trx);
      const first = ask();
      const later = Array.from({ length: 10 }, ask);
      for (const answer of await Promise.all([first, ...later])) assert.equal(answer.status, 503);
    });
    assert.equal((await ask()).status, 401);
  });
});

async function startOnPostgres(t: TestContext) {
  const url = await createTestDatabase();
  t.after(() => dropTestDatabase(url));
  const db = await openDatabase({ url });
  t.after(() => db.destroy());
  const app = await startApp(db, {}, { url });
  t.after(() => app.close());
  return { url, db, app };
}
