// Which parts of a request reach a service behind the gateway, and which reach the check.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type OutgoingHttpHeaders, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ALLOWED_ORIGIN, gatewayKinds, startGateway } from './gateways.ts';
import { type Listening, listening } from './listening.ts';
import { noProxy, type RunningProxy, send } from './proxies.ts';

const KEY = { authorization: 'Bearer a key without the permission domains' };
const WEBSOCKET = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
  'sec-websocket-protocol': 'chat',
  'sec-websocket-extensions': 'permessage-deflate',
};

for (const kind of Object.values(gatewayKinds)) {
  const title = `requests through ${kind.name}`;
  const skip = noProxy(kind);
  if (skip) {
    test(title, { skip });
    continue;
  }

  describe(title, () => {
    const opened = new AsyncDisposableStack();
    let check: Listening;
    let service: Listening;
    let proxy: RunningProxy;
    /** The same proxy, but with pages of one origin allowed. */
    let open: RunningProxy;
    before(async () => {
      check = await listening(({ url, headers }, res) => {
        const status = headers.authorization !== KEY.authorization ? 401 : 204;
        const isForbidden = status === 204 && url?.includes('permission=domains');
        res.writeHead(isForbidden ? 403 : status, { 'X-Auth-User': 'ada' }).end();
      });
      opened.defer(() => check.close());
      service = await listening((_request, res) => {
        res.setHeader('Set-Cookie', 'session=of the service').end('from the service');
      });
      opened.defer(() => service.close());
      const servers = { app: check.host, backend: service.host };
      proxy = await startGateway(kind, servers);
      opened.defer(() => proxy.stop());
      open = await startGateway(kind, { ...servers, allowsOrigin: true });
      opened.defer(() => open.stop());
    });
    beforeEach(() => {
      check.requests.length = 0;
      service.requests.length = 0;
    });
    after(() => opened.disposeAsync());

    test('a WebSocket passes with a good key, in both directions', async () => {
      const { status, socket } = await upgrade(proxy.origin, '/', { ...KEY, ...WEBSOCKET });
      assert.equal(status, 101);
      assert.ok(socket);
      socket.write('anyone there?');
      assert.equal(String((await once(socket, 'data'))[0]), 'anyone there?');
      socket.destroy();
      const { 'x-auth-user': user, authorization, ...headers } = service.requests[0]?.headers ?? {};
      assert.equal(user, 'ada');
      assert.equal(authorization, undefined);
      for (const [name, value] of Object.entries(WEBSOCKET)) {
        assert.equal(headers[name]?.toString().toLowerCase(), value.toLowerCase(), name);
      }
    });

    test('a WebSocket is refused without a key, and without the permission', async () => {
      assert.equal((await upgrade(proxy.origin, '/', WEBSOCKET)).status, 401);
      const forbidden = await upgrade(proxy.origin, '/domains', { ...KEY, ...WEBSOCKET });
      assert.equal(forbidden.status, 403);
      assert.deepEqual(service.requests, []);
    });

    test('only WebSockets are upgraded, at the service and at the check', async () => {
      for (const [method, protocol] of [
        ['GET', 'h2c'],
        ['GET', 'websocket, h2c'],
        ['GET', 'h2c, websocket'],
        ['GET', 'TLS/1.0'],
        ['POST', 'websocket'],
        ['OPTIONS', 'h2c'],
      ] as const) {
        for (const [target, expected] of [
          ['/', 200],
          ['/domains', 403],
        ] as const) {
          const headers = {
            ...KEY,
            ...WEBSOCKET,
            connection: 'Upgrade, HTTP2-Settings',
            upgrade: protocol,
            'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
          };
          const { status } = await upgrade(proxy.origin, target, headers, method);
          assert.equal(status, expected, `${method} ${target} ${protocol}`);
        }
        assert.equal(service.requests.length, 1);
        for (const { headers } of [...service.requests.splice(0), ...check.requests.splice(0)]) {
          assert.equal(headers.upgrade, undefined);
          assert.equal(headers['http2-settings'], undefined);
        }
      }
    });

    test('no header that changes the user, the URL or the method reaches the service', async () => {
      const names = ['X-Auth-User', 'X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override'];
      names.push('X-Method-Override', 'X-Forwarded-User', 'X-Forwarded-Prefix', 'Forwarded');
      names.push('Proxy-Authorization', 'Cookie', 'Cookie2');
      const smuggled = Object.fromEntries(
        ['-', '.', '~', '_', '+'].flatMap((separator) =>
          names.map((name) => [name.replaceAll('-', separator), 'smuggled']),
        ),
      );
      for (const connection of ['close', `close, ${Object.keys(smuggled).join(', ')}`]) {
        const headers = { ...smuggled, ...KEY, connection };
        assert.equal((await send(proxy.origin, '/', { headers })).status, 200);
        const [received] = service.requests.splice(0);
        assert.doesNotMatch(JSON.stringify(received), /smuggled/);
        assert.equal(received?.headers['x-auth-user'], 'ada');
      }
    });

    test('the headers that a service needs reach it unchanged', async () => {
      const headers = {
        accept: 'text/html;q=0.9',
        'accept-encoding': 'br',
        'accept-language': 'eo',
        'content-encoding': 'zstd',
        'content-type': 'application/json',
        'if-match': '"a"',
        'if-modified-since': 'Sat, 13 Sep 2014 07:42:00 GMT',
        'if-none-match': '"b"',
        'if-range': '"c"',
        'if-unmodified-since': 'Sun, 14 Sep 2014 07:42:00 GMT',
        origin: 'https://elsewhere.example',
        range: 'bytes=0-1',
        referer: 'https://elsewhere.example/',
        'user-agent': 'a program/{env.HOME}',
        host: 'service.example:8080',
      };
      await send(proxy.origin, '/', { method: 'POST', headers: { ...KEY, ...headers }, body: 'x' });
      const received = service.requests[0]?.headers ?? {};
      assert.deepEqual({ ...received, ...headers }, received);
    });

    test('the service gets no header that the caller did not send', async () => {
      await send(proxy.origin, '/', { headers: KEY });
      const names = Object.keys(service.requests[0]?.headers ?? {})
        // Caddy asks for gzip and undoes it.
        .filter(
          (name) => !/^(host|connection|x-auth-.*|x-forwarded-.*|accept-encoding)$/.test(name),
        );
      assert.deepEqual(names, []);
    });

    test('the service gets no cookie, and sets none', async () => {
      const headers = { ...KEY, cookie: ['session=of the manager', 'theme=dark'] };
      const answer = await send(proxy.origin, '/', { headers });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.equal(service.requests[0]?.headers.cookie, undefined);
    });

    test('the check gets only the key, the program and the IP address', async () => {
      const large = 'x'.repeat(7_000);
      const headers = {
        ...KEY,
        'user-agent': 'a program',
        'x-one': large,
        'x-two': large,
        referer: large,
      };
      for (const [target, expected] of [
        ['/', 200],
        ['/domains', 403],
      ] as const) {
        assert.equal((await send(proxy.origin, target, { headers })).status, expected);
        const [received] = check.requests.splice(0);
        assert.deepEqual(
          Object.keys(received?.headers ?? {})
            .filter((name) => !/^(host|connection|x-forwarded-.*|accept-encoding)$/.test(name))
            .sort(),
          ['authorization', 'user-agent'],
        );
        assert.ok(JSON.stringify(received).length < 1_000);
      }
    });

    test('headers that are too large are 431, and reach neither the check nor the service', async () => {
      const headers = { ...KEY, ...Object.fromEntries(numbered(6, 'x'.repeat(7_000))) };
      assert.equal((await send(proxy.origin, '/', { headers })).status, 431);
      assert.deepEqual([check.requests, service.requests], [[], []]);
    });

    test('a body of 3 MB reaches the service, one of 11 MB is 413', async () => {
      const post = (body: Buffer, length: OutgoingHttpHeaders) =>
        send(proxy.origin, '/', { method: 'POST', headers: { ...KEY, ...length }, body });
      for (const length of [{}, { 'transfer-encoding': 'chunked' }]) {
        assert.equal((await post(Buffer.alloc(3_000_000), length)).status, 200);
        assert.equal(service.requests.splice(0)[0]?.body.length, 3_000_000);
        assert.equal((await post(Buffer.alloc(11_000_000), length)).status, 413);
        assert.deepEqual(service.requests, []);
      }
    });

    const preflight = (through: RunningProxy, headers: OutgoingHttpHeaders, method = 'OPTIONS') => {
      const asked = { 'access-control-request-method': 'DELETE', ...headers };
      return send(through.origin, '/domains/1', { method, headers: asked });
    };

    test('the gateway itself answers a preflight of an allowed origin', async () => {
      const { status, headers } = await preflight(open, { origin: ALLOWED_ORIGIN });
      assert.equal(status, 204);
      assert.equal(headers['access-control-allow-origin'], ALLOWED_ORIGIN);
      assert.match(headers['access-control-allow-methods'] ?? '', /\bDELETE\b/);
      assert.match(headers['access-control-allow-headers'] ?? '', /\bAuthorization\b/);
      assert.match(headers['access-control-max-age'] ?? '', /^\d+$/);
      assert.equal(headers['access-control-allow-credentials'], undefined);
      assert.match(headers.vary ?? '', /Origin/);
      assert.deepEqual([check.requests, service.requests], [[], []]);
    });

    test('a page of an allowed origin can read answers and refusals', async () => {
      const at = { origin: ALLOWED_ORIGIN };
      for (const [headers, target, expected] of [
        [{ ...at, ...KEY }, '/', 200],
        [at, '/', 401],
        [{ ...at, ...KEY }, '/domains', 403],
      ] as const) {
        const answer = await send(open.origin, target, { headers });
        assert.equal(answer.status, expected);
        assert.equal(answer.headers['access-control-allow-origin'], ALLOWED_ORIGIN);
        assert.match(answer.headers['access-control-expose-headers'] ?? '', /X-Auth-Reason/);
        assert.equal(answer.headers['access-control-allow-methods'], undefined);
      }
      const unchecked = await startGateway(kind, {
        ...{ app: '127.0.0.1:1', backend: service.host, allowsOrigin: true },
      });
      const answer = await send(unchecked.origin, '/', { headers: at });
      await unchecked.stop();
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['access-control-allow-origin'], ALLOWED_ORIGIN);
    });

    test('without a key only preflights of an allowed origin are answered', async () => {
      const requests: [RunningProxy, OutgoingHttpHeaders, string?][] = [
        [proxy, { origin: ALLOWED_ORIGIN }],
        [open, { origin: 'https://evil.example' }],
        [open, { origin: `${ALLOWED_ORIGIN}.evil.example` }],
        [open, { origin: `${ALLOWED_ORIGIN}:8443` }],
        [open, { origin: 'null' }],
        [open, {}],
        [open, { origin: ALLOWED_ORIGIN, 'access-control-request-method': '' }],
        [open, { origin: ALLOWED_ORIGIN }, 'GET'],
        [open, { origin: ALLOWED_ORIGIN }, 'POST'],
      ];
      for (const [through, headers, method] of requests) {
        const answer = await preflight(through, headers, method);
        assert.equal(answer.status, 401, JSON.stringify([headers, method]));
        const isAllowed = through === open && headers.origin === ALLOWED_ORIGIN;
        const allowed = isAllowed ? ALLOWED_ORIGIN : undefined;
        assert.equal(answer.headers['access-control-allow-origin'], allowed);
        assert.equal(answer.headers['access-control-allow-methods'], undefined);
      }
      assert.deepEqual(service.requests, []);
    });
  });
}

function numbered(count: number, value: string): [string, string][] {
  return Array.from({ length: count }, (_, number) => [`x-${number}`, value]);
}

/** The result of a request for an upgrade: an answer or a connection. */
async function upgrade(
  origin: string,
  target: string,
  headers: OutgoingHttpHeaders,
  method = 'GET',
): Promise<{ status: number | undefined; socket?: Duplex }> {
  return new Promise((resolve, reject) => {
    const req = request(origin, { path: target, method, headers, agent: false });
    req.on('upgrade', ({ statusCode }, socket) => resolve({ status: statusCode, socket }));
    req.on('response', (res) => {
      res.resume().on('end', () => resolve({ status: res.statusCode }));
    });
    req.on('error', reject).end();
  });
}
