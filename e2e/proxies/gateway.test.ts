import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import path from 'node:path';
import { after, before, beforeEach, describe, type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../db/database.ts';
import {
  allowConnections,
  createTestDatabase,
  dropTestDatabase,
  noPostgres,
} from '../../db/testing/databases.ts';
import { addKey, addUser, newKey } from '../../db/testing/rows.ts';
import { digestOf, makeSecret, prefixOf } from '../../server/api-keys/secret.ts';
import { startApp } from '../../server/testing/app.ts';
import { gatewayKinds, startGateway } from './gateways.ts';
import { type Listening, listening } from './listening.ts';
import { DOCS, noProxy, type RunningProxy, send } from './proxies.ts';

for (const kind of Object.values(gatewayKinds)) {
  const title = `a service behind ${kind.name}`;
  const skip = noPostgres || noProxy(kind);
  if (skip) {
    test(title, { skip });
    continue;
  }

  describe(title, () => {
    const opened = new AsyncDisposableStack();
    let url: string;
    let db: Database;
    let app: Awaited<ReturnType<typeof startApp>>;
    let service: Listening;
    let proxy: RunningProxy;
    before(async () => {
      url = await createTestDatabase();
      opened.defer(() => dropTestDatabase(url));
      db = await openDatabase({ url });
      opened.defer(() => db.destroy());
      app = await startApp(db, { trustProxy: 1 }, { url });
      opened.defer(() => app.close());
      service = await listening((_request, res) => res.end('from the service'));
      opened.defer(() => service.close());
      proxy = await startGateway(kind, { app: new URL(app.origin).host, backend: service.host });
      opened.defer(() => proxy.stop());
    });
    beforeEach(() => {
      service.requests.length = 0;
    });
    after(() => opened.disposeAsync());

    const get = (target: string, headers: Record<string, string | string[]> = {}) =>
      send(proxy.origin, target, { headers });

    /** Starts another proxy, with another app or backend. */
    async function otherProxy(t: TestContext, servers: { app?: string; backend?: string }) {
      const usual = { app: new URL(app.origin).host, backend: service.host };
      const other = await startGateway(kind, { ...usual, ...servers });
      t.after(() => other.stop());
      return other.origin;
    }

    /** Creates a key of a new user with these permissions. */
    async function keyFor(username: string, permissions: string[] = ['*']): Promise<string> {
      const user = await addUser(db, username);
      await sql`update users set permissions = ${permissions} where id = ${user}`.execute(db);
      const secret = makeSecret();
      await addKey(db, user, newKey({ prefix: prefixOf(secret), digest: digestOf(secret) }));
      return secret;
    }

    test('a good key passes, and the service gets its user', async () => {
      const ada = await keyFor('ada', ['domains', 'linodes']);
      for (const headers of [
        { authorization: `Bearer ${ada}` },
        { authorization: `Basic ${Buffer.from(`any:${ada}`).toString('base64')}` },
        { 'x-api-key': ada },
      ]) {
        const answer = await get('/some/path?and=query', headers);
        assert.equal(answer.status, 200);
        assert.equal(answer.body, 'from the service');
        const received = service.requests.pop();
        assert.equal(received?.url, '/some/path?and=query');
        assert.deepEqual(identityIn(received.headers), {
          'x-auth-user': 'ada',
          'x-auth-key': prefixOf(ada),
          'x-auth-permissions': 'domains linodes',
          // The key never expires.
          'x-auth-expires': '',
        });
      }
    });

    test('a caller never gets the answer of a check', async () => {
      const adele = await keyFor('adele');
      for (const target of ['/_key', '/_key/domains', '/auth/verify']) {
        const answer = await get(target, bearer(adele));
        assert.notEqual(answer.status, 204, target);
        assert.equal(answer.headers['x-auth-user'], undefined);
      }
    });

    test('the service gets the time when a key expires', async () => {
      const grace = await keyFor('grace');
      const expires = '2999-01-01T00:00:00.000Z';
      await sql`update api_keys set expires_at = ${expires} where digest = ${digestOf(grace)}`.execute(
        db,
      );
      await get('/', { 'x-api-key': grace });
      assert.equal(service.requests[0]?.headers['x-auth-expires'], expires);
    });

    test('bad keys are refused with the reason and never reach the service', async () => {
      const good = await keyFor('edsger');
      const refusals: [Record<string, string>, string, RegExp][] = [
        [{}, 'missing', /^Bearer realm="api"$/],
        [bearer(makeSecret()), 'unknown', /error="invalid_token"/],
        [bearer('junk'), 'unknown', /error="invalid_token"/],
        [{ ...bearer(good), 'x-api-key': makeSecret() }, 'unknown', /error="invalid_request"/],
      ];
      for (const target of ['/', '/domains', `/?api_key=${good}`]) {
        for (const [headers, reason, challenge] of refusals) {
          const answer = await get(target, headers);
          assert.equal(answer.status, 401, reason);
          assert.equal(answer.headers['x-auth-reason'], reason);
          assert.match(answer.headers['www-authenticate'] ?? '', challenge);
        }
      }
      assert.deepEqual(service.requests, []);
    });

    test('a removed key is refused from the next request on', async () => {
      const alan = await keyFor('alan');
      assert.equal((await get('/', bearer(alan))).status, 200);
      const removal = { method: 'DELETE', headers: bearer(alan) };
      assert.equal((await send(app.origin, '/api/key', removal)).status, 204);
      const answer = await get('/', bearer(alan));
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['x-auth-reason'], 'removed');
      assert.equal(service.requests.length, 1);
    });

    test('a key without the permission is refused, even if the caller asks for another permission', async () => {
      const barbara = await keyFor('barbara', ['linodes']);
      for (const target of [
        '/domains',
        '/domains/1?permission=linodes',
        '/%64omains/1',
        '//domains/1',
        '/x/../domains/1',
      ]) {
        const answer = await get(target, bearer(barbara));
        assert.equal(answer.status, 403, target);
        const challenge = 'Bearer realm="api", error="insufficient_scope", scope="domains"';
        assert.equal(answer.headers['www-authenticate'], challenge);
      }
      assert.deepEqual(service.requests, []);
      assert.equal((await get('/?permission=domains', bearer(barbara))).status, 200);
      const donald = await keyFor('donald', ['domains']);
      assert.equal((await get('/domains/1', bearer(donald))).status, 200);
    });

    test('no X-Auth-… header of the caller and no key reaches the service', async () => {
      const john = await keyFor('john', ['linodes']);
      const smuggled = {
        'X-Auth-User': ['root', 'admin'],
        'x-AUTH-permissions': '*',
        'X-Auth-Key': 'lmk',
        'X-Auth-Expires': 'never',
        'X-Auth-Reason': 'smuggled',
        'X-Auth-Anything': ['smuggled', 'smuggled too'],
        X_Auth_User: 'root',
        x_auth_permissions: ['*', '*'],
        'X-Auth_User': 'root',
        'X_AUTH-User': 'root',
      };
      const genuine = {
        'x-auth-user': 'john',
        'x-auth-key': prefixOf(john),
        'x-auth-permissions': 'linodes',
        'x-auth-expires': '',
      };
      for (const connection of ['close', 'close, X-Auth-User, x-auth-permissions', 'X-AUTH-KEY']) {
        const answer = await get('/', { ...smuggled, ...bearer(john), connection });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['x-auth-reason'], undefined);
        const headers = service.requests.pop()?.headers ?? {};
        assert.deepEqual(identityIn(headers), genuine);
        assert.doesNotMatch(JSON.stringify(headers), new RegExp(`smuggled|${john}`));
      }
      await get('/', { 'x-api-key': john });
      const headers = service.requests.pop()?.headers ?? {};
      assert.doesNotMatch(JSON.stringify(headers), new RegExp(john));
      assert.equal((await get('/', smuggled)).status, 401);
      assert.deepEqual(service.requests, []);
    });

    test('the service that docker-compose starts greets the user of a good key', async (t) => {
      const grete = await keyFor('grete');
      const greeter = await startGreeter();
      t.after(() => greeter.stop());
      const other = await otherProxy(t, { backend: greeter.host });
      const answer = await send(other, '/', { headers: bearer(grete) });
      assert.equal(answer.body, 'Hello, grete. Your key was accepted.\n');
    });

    test('a body reaches the service whole, in one piece or in many', async () => {
      const margaret = await keyFor('margaret');
      const body = randomBytes(600_000);
      for (const length of [
        { 'content-length': body.length },
        { 'transfer-encoding': 'chunked' },
      ]) {
        const headers = { ...bearer(margaret), ...length, 'content-type': 'application/x-random' };
        const answer = await send(proxy.origin, '/upload', { method: 'POST', headers, body });
        assert.equal(answer.status, 200);
        const received = service.requests.pop();
        assert.equal(received?.method, 'POST');
        assert.equal(received.headers['content-type'], 'application/x-random');
        assert.ok(received.body.equals(body));
      }
    });

    test('no key passes while the database is stopped, and the gateway recovers by itself', async (t) => {
      t.after(() => allowConnections(url, true));
      const radia = await keyFor('radia');
      assert.equal((await get('/', bearer(radia))).status, 200);
      await allowConnections(url, false);
      for (const target of ['/', '/domains']) {
        assertNoCheck(await get(target, bearer(radia)));
      }
      assert.equal(service.requests.length, 1);
      await allowConnections(url, true);
      assert.equal((await get('/', bearer(radia))).status, 200);
    });

    test('an error of the service is not reported as an error of the check', async (t) => {
      const frances = await keyFor('frances');
      const faulty = await listening((_request, res) => res.writeHead(500).end('my own fault'));
      t.after(() => faulty.close());
      const other = await otherProxy(t, { backend: faulty.host });
      const answer = await send(other, '/', { headers: bearer(frances) });
      assert.equal(answer.status, 500);
      assert.equal(answer.body, 'my own fault');
      await faulty.close();
      assert.equal((await send(other, '/', { headers: bearer(frances) })).status, 502);
    });

    test('no key passes when the app is not running', async (t) => {
      const other = await otherProxy(t, { app: '127.0.0.1:1' });
      for (const target of ['/', '/domains']) {
        assertNoCheck(await send(other, target, { headers: bearer(makeSecret()) }));
      }
      assert.deepEqual(service.requests, []);
    });

    test("the proxy's logs contain no key, even when the app or the service is away", async () => {
      const katherine = await keyFor('katherine');
      const usual = { app: new URL(app.origin).host, backend: service.host };
      for (const away of [{ app: '127.0.0.1:1' }, { backend: '127.0.0.1:1' }]) {
        const other = await startGateway(kind, { ...usual, ...away });
        const headers = { 'X-API-Key': katherine };
        const { status } = await send(other.origin, `/?in=${katherine}`, { headers });
        await other.stop();
        assert.ok([502, 503].includes(status ?? 0));
        assert.ok(!other.output().includes(katherine), other.output());
      }
    });

    test('no key passes when the check gives an unexpected answer or none', async (t) => {
      let status: number | undefined;
      const strange = await listening((_request, res) => {
        if (status) res.writeHead(status, { 'X-Auth-User': 'ada', Location: '/login' }).end();
      });
      t.after(() => strange.close());
      status = 503;
      const other = await otherProxy(t, { app: strange.host });
      for (status of [301, 302, 400, 404, 429, 500, 502, 503, undefined]) {
        assertNoCheck(await send(other, '/', { headers: bearer('a key') }));
      }
      assert.deepEqual(service.requests, []);
    });

    test('the check gets the key and the permission of the location, whatever the caller sent', async (t) => {
      const check = await listening((_request, res) => res.writeHead(204).end());
      t.after(() => check.close());
      const other = await otherProxy(t, { app: check.host });
      for (const [target, asked] of [
        ['/x?permission=linodes&hidden=yes', /^\/auth\/verify\??$/],
        ['/domains?permission=linodes&hidden=yes', /^\/auth\/verify\?permission=domains$/],
      ] as const) {
        check.requests.length = 0;
        const headers = {
          'x-api-key': 'a key',
          'x-forwarded-for': '198.51.100.9',
          'user-agent': 'a program',
          cookie: 'hidden=yes',
        };
        await send(other, target, { method: 'POST', headers, body: 'hidden=yes' });
        assert.equal(check.requests.length, 1);
        const [received] = check.requests;
        assert.match(received?.url ?? '', asked);
        assert.equal(received?.method, 'GET');
        assert.equal(received.body.length, 0);
        assert.equal(received.headers['x-api-key'], 'a key');
        assert.equal(received.headers['user-agent'], 'a program');
        // TRUST_PROXY=1 takes the last.
        assert.match(received.headers['x-forwarded-for']?.toString() ?? '', /(^|, )127\.0\.0\.1$/);
        assert.doesNotMatch(JSON.stringify(received.headers), /hidden/);
      }
    });
  });
}

function bearer(secret: string): { authorization: string } {
  return { authorization: `Bearer ${secret}` };
}

function assertNoCheck({ status, headers }: Awaited<ReturnType<typeof send>>): void {
  assert.equal(status, 503);
  assert.ok(Number(headers['retry-after']) > 0);
  assert.equal(headers['cache-control'], 'no-store');
}

/** The headers that a service could take for X-Auth-… if it reads names as CGI does. */
function identityIn(headers: IncomingHttpHeaders): Record<string, string> {
  const identity = Object.entries(headers)
    .filter(([name]) => /^x.auth/.test(name))
    .map(([name, value]): [string, string] => [name, String(value)]);
  // A proxy may omit empty headers.
  return { 'x-auth-expires': '', ...Object.fromEntries(identity) };
}

/** Starts docs/gateway/backend.ts on a free port. */
async function startGreeter() {
  const child = spawn(process.execPath, [path.join(DOCS, 'gateway/backend.ts')], {
    env: { PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output]: Buffer[] = await once(child.stdout, 'data');
  return {
    host: `127.0.0.1:${/port: (\d+)/.exec(String(output))?.[1]}`,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
