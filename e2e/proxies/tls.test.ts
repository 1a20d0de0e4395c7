// The files of docs/tls, each in front of the app, tested with requests of browsers and of programs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  type ConnectionOptions,
  connect as connectSecurely,
  setDefaultCACertificates,
} from 'node:tls';
import { sql } from 'kysely';
import { describeOnDatabase } from '../../db/testing/describe.ts';
import { startApp } from '../../server/testing/app.ts';
import { findProgram, freePort } from '../../server/testing/processes.ts';
import { addUser } from '../../server/testing/users.ts';
import { Visitor } from '../../server/testing/visitor.ts';
import { flood } from './flood.ts';
import { listening } from './listening.ts';
import { caddy, DOCS, nginx, noProxy, type RunningProxy, send, startProxy } from './proxies.ts';

const CERTIFICATE = 'keys.example.com.pem';
const CERTIFICATE_KEY = 'keys.example.com.key';

/** TLS 1.2 suites for a certificate with an elliptic curve. */
const STRONG_SUITES = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
];
const WEAK_SUITES = [
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-ECDSA-AES128-CCM8',
  'ECDHE-ECDSA-CAMELLIA128-SHA256',
];

type Sent = Parameters<typeof send>[2];

const files = { nginx: 'nginx.conf', caddy: 'Caddyfile' };

interface Ports {
  http: string;
  https: string;
}

/** Replaces the host name by `localhost`, with a self-signed certificate. */
const changes: Record<'nginx' | 'caddy', (ports: Ports) => (readonly [string, string])[]> = {
  nginx: ({ http, https }) => [
    ['listen 80;', `listen 127.0.0.1:${http};`],
    ['listen 443 ssl', `listen 127.0.0.1:${https} ssl`],
    ['return 301 https://keys.example.com', `return 301 https://localhost:${https}`],
  ],
  caddy: ({ http, https }) => [
    [
      'admin off',
      `admin off\n\thttp_port ${http}\n\thttps_port ${https}\n\tdefault_bind 127.0.0.1`,
    ],
    ['http://keys.example.com {', 'http://localhost {'],
    ['redir https://keys.example.com', `redir https://localhost:${https}`],
    ['keys.example.com {', 'localhost {'],
    ['tls {', `tls ${CERTIFICATE} ${CERTIFICATE_KEY} {`],
  ],
};

const noOpenssl = findProgram('openssl') === undefined && 'there is no openssl: install it';

for (const kind of [nginx, caddy]) {
  const title = `https by ${kind.name}`;
  const skip = noOpenssl || noProxy(kind);
  if (skip) {
    test(title, { skip });
    continue;
  }

  describeOnDatabase(title, (on) => {
    const opened = new AsyncDisposableStack();
    let app: Awaited<ReturnType<typeof startApp>>;
    let proxy: RunningProxy;
    const pair = selfSigned('localhost');
    let ports: Ports;
    before(async () => {
      setDefaultCACertificates([pair.certificate]);
      ports = await freePorts();
      const publicUrl = `https://localhost:${ports.https}`;
      const config = { publicUrl, secure: true, trustProxy: ['127.0.0.1'] };
      app = await startApp(on.db, config, on.location);
      await addUser(on.db, 'ada');
      opened.defer(() => app.close());
      proxy = await start(new URL(app.origin).host, ports);
      opened.defer(() => proxy.stop());
    });
    after(() => opened.disposeAsync());

    async function start(host: string, { http, https }: Ports): Promise<RunningProxy> {
      return startProxy(kind, path.join(DOCS, 'tls', files[kind.name]), {
        origin: `https://localhost:${https}`,
        changes: [...changes[kind.name]({ http, https }), ['app:3000', host]],
        beside: { [CERTIFICATE]: pair.certificate, [CERTIFICATE_KEY]: pair.key },
      });
    }

    async function signedIn(): Promise<Visitor> {
      const visitor = new Visitor(proxy.origin);
      assert.equal((await visitor.logIn('ada')).status, 303);
      assert.equal((await visitor.authenticate()).status, 303);
      return visitor;
    }

    test('a person logs in, creates a key and uses it; the cookie is Secure, and HSTS is sent', async () => {
      const visitor = new Visitor(proxy.origin);
      const form = await visitor.get('/login');
      assert.match(form.headers.get('strict-transport-security') ?? '', /^max-age=\d{8}/);
      const logIn = await visitor.logIn('ada');
      assert.equal(logIn.status, 303);
      assert.match(
        logIn.headers.getSetCookie().join('\n'),
        /^__Host-session-[0-9a-f]{12}=[^;]+; Path=\/;.* HttpOnly; Secure; SameSite=Lax$/m,
      );
      await visitor.authenticate();
      const { secret } = await visitor.createKey({ label: 'through the proxy' });
      const check = () => send(proxy.origin, '/auth/verify', { headers: { 'X-API-Key': secret } });
      const good = await check();
      assert.equal(good.status, 204);
      assert.equal(good.headers['x-auth-user'], 'ada');
      const removal = { method: 'DELETE', headers: { 'X-API-Key': secret } };
      assert.equal((await send(proxy.origin, '/api/key', removal)).status, 204);
      assert.equal((await check()).status, 401);
    });

    /** One request over plain http. */
    const sendInClear = (target: string, { headers = {}, ...options }: Sent = {}) =>
      send(`http://127.0.0.1:${ports.http}`, target, {
        ...options,
        headers: { Host: 'localhost', ...headers },
      });

    test('a page opened over http redirects to https', async () => {
      for (const target of ['/', '/profile?label=ci', '/apiary', '/a%20page?api=1']) {
        for (const method of ['GET', 'HEAD']) {
          const { status, headers } = await sendInClear(target, { method });
          assert.equal(status, 301, target);
          assert.equal(headers.location, `https://localhost:${ports.https}${target}`);
        }
      }
    });

    test('a call, a form or a key over http is refused with an explanation', async () => {
      const requests: [string, Sent?][] = [
        ['/api'],
        ['/api/'],
        ['/api/?api_action=test.echo'],
        ['/%61pi/'],
        ['//api/whoami'],
        ['/auth/verify'],
        ['/auth/verify?permission=domains'],
        ['/?api_action=test.echo&api_key=abc'],
        ['/?label=ci&API_KEY=abc'],
        ['/?Action=user.getapikey&username=ada&password=abc'],
        ['/profile?access_token=abc'],
        ['/', { method: 'POST', body: 'api_action=test.echo' }],
        ['/login', { method: 'POST', body: 'username=ada&password=abc' }],
        ['/api/key', { method: 'DELETE' }],
        ['/profile', { headers: { Authorization: 'Bearer abc' } }],
        ['/profile', { headers: { 'X-API-Key': 'abc' } }],
      ];
      for (const [target, options] of requests) {
        const { status, headers, body } = await sendInClear(target, options);
        assert.equal(status, 403, target);
        assert.equal(headers.location, undefined);
        assert.match(headers['content-type'] ?? '', /^text\/plain/);
        assert.match(body, /^Use https here\. .* was sent in clear: .*\.\n$/);
      }
    });

    test('versions before TLS 1.2 and weak cipher suites are refused', async () => {
      const { port } = new URL(proxy.origin);
      const isAccepted = async (options: ConnectionOptions) => {
        // Otherwise the client would refuse first.
        const ciphers = `${options.ciphers ?? 'DEFAULT'}:@SECLEVEL=0`;
        const socket = connectSecurely({
          port: Number(port),
          servername: 'localhost',
          ...options,
          ciphers,
        });
        try {
          await once(socket, 'secureConnect');
          return true;
        } catch {
          return false;
        } finally {
          socket.destroy();
        }
      };
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.2' } as const;
      assert.equal(await isAccepted({}), true);
      for (const ciphers of STRONG_SUITES) {
        assert.equal(await isAccepted({ ...old, ciphers }), true, ciphers);
      }
      for (const ciphers of WEAK_SUITES) {
        assert.equal(await isAccepted({ ...old, ciphers }), false, ciphers);
      }
      for (const version of ['TLSv1', 'TLSv1.1'] as const) {
        assert.equal(
          await isAccepted({ minVersion: version, maxVersion: version }),
          false,
          version,
        );
      }
    });

    test('HTTP/2 is supported', async () => {
      const session = connect(proxy.origin);
      await once(session, 'connect');
      assert.equal(session.alpnProtocol, 'h2');
      session.close();
    });

    test('an IP address or a scheme that the caller invents is ignored', async () => {
      const forged = {
        'X-Forwarded-For': '198.51.100.9',
        'X-Forwarded-Proto': 'http',
        'X-Forwarded-Host': 'evil.example',
        Forwarded: 'for=198.51.100.9;proto=http;host=evil.example',
        'X-Real-IP': '198.51.100.9',
      };
      const visitor = new Visitor(proxy.origin);
      const form = await visitor.get('/login', forged);
      // Without https there would be no cookie at all.
      assert.match(
        form.headers.getSetCookie().join('\n'),
        /^__Host-session-[0-9a-f]{12}=.* Secure;/m,
      );
      const fields = { username: 'ada', password: 'a wrong password', next: '' };
      assert.equal((await visitor.post('/login', fields, forged)).status, 401);
      const { ip } = await on.db
        .selectFrom('events')
        .select(sql<string>`host(ip)`.as('ip'))
        .where('kind', '=', 'failed log in')
        .orderBy('id', 'desc')
        .executeTakeFirstOrThrow();
      assert.equal(ip, '127.0.0.1');
      assert.doesNotMatch(app.logLines.join(''), /198\.51\.100\.9/);
    });

    test('a post from another site is refused, and one from this site is not', async () => {
      const visitor = await signedIn();
      const post = async (headers: Record<string, string>) => {
        await visitor.get('/profile/api-keys');
        const fields = { label: '', expires: 'never', request_id: visitor.requestId };
        return (await visitor.post('/profile/api-keys', fields, headers)).status;
      };
      assert.equal(await post({ origin: 'https://evil.example' }), 403);
      assert.equal(await post({ 'sec-fetch-site': 'cross-site' }), 403);
      assert.equal(await post({ origin: app.origin }), 403);
      assert.equal(await post({ origin: proxy.origin }), 200);
    });

    test('the app refuses a request that is too large, with its own page', async () => {
      const body = `username=${'a'.repeat(1_100_000)}`;
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const answer = await send(proxy.origin, '/login', { method: 'POST', headers, body });
      assert.equal(answer.status, 413);
      assert.match(answer.body, /That request is too large\./);
    });

    test('headers that are too large are 431', async () => {
      const headers = Object.fromEntries(
        Array.from({ length: 6 }, (_, number) => [`X-${number}`, 'x'.repeat(7_000)]),
      );
      assert.equal((await send(proxy.origin, '/login', { headers })).status, 431);
    });

    test('style sheets and modules are compressed, pages and answers are not', async () => {
      const headers = { 'Accept-Encoding': 'gzip, br' };
      const encoding = async (target: string) =>
        (await send(proxy.origin, target, { headers })).headers['content-encoding'];
      assert.equal(await encoding('/assets/css/main.css'), 'gzip');
      assert.equal(await encoding('/assets/js/main.js'), 'gzip');
      assert.equal(await encoding('/login'), undefined);
      assert.equal(await encoding('/api/?api_action=api.spec'), undefined);
    });

    test("the proxy's logs contain no path and no key, even when the app is away", async (t) => {
      const stranded = await start(`127.0.0.1:${await freePort()}`, await freePorts());
      t.after(() => stranded.stop());
      for (const [through, status] of [
        [proxy, 404],
        [stranded, 502],
      ] as const) {
        const before = written(through, 'access.log');
        const headers = { 'X-API-Key': 'hidden', Authorization: 'Bearer hidden' };
        const answer = await send(through.origin, '/hidden?api_key=hidden', { headers });
        assert.equal(answer.status, status);
        // The proxy writes the line after it has begun to send the answer.
        while (written(through, 'access.log') === before) await setImmediate();
        const logged = written(through, 'access.log').slice(before.length);
        assert.match(logged, new RegExp(`\\b${status}\\b`));
        // The request's id identifies the app's own line.
        if (status === 404) assert.ok(logged.includes(String(answer.headers['x-request-id'])));
        assert.doesNotMatch(logged + through.output(), /hidden/);
      }
    });

    // Caddy has no such limit of its own.
    if (kind.name === 'nginx') {
      test('a flood is limited and normal use is not', async (t) => {
        // The server must be quick: only more than 50 requests a second reach the limit.
        const quick = await listening((_request, res) => res.end());
        t.after(() => quick.close());
        // A new nginx, which has not counted the requests of the other tests.
        const fresh = await start(quick.host, await freePorts());
        t.after(() => fresh.stop());
        const statuses = await flood(fresh.origin);
        assert.ok(statuses.filter((status) => status === 200).length >= 100);
        assert.ok(statuses.includes(429));
      });
    }
  });
}

async function freePorts(): Promise<Ports> {
  return { http: await freePort(), https: await freePort() };
}

function written({ folder }: RunningProxy, file: string): string {
  return readFileSync(path.join(folder, file), 'utf8');
}

function selfSigned(name: string): { certificate: string; key: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'certificate-'));
  const created = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'],
      ...['-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`],
      ...['-out', 'pem', '-keyout', 'key'],
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  if (created.status !== 0) throw new Error(created.stderr);
  const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
  const pair = { certificate: read('pem'), key: read('key') };
  rmSync(folder, { recursive: true });
  return pair;
}
