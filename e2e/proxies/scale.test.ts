// Two copies of the app as it ships, behind nginx with docs/scale/nginx.conf. Each request is answered by
// another copy than the one before.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../../db/testing/databases.ts';
import { freePort, RunningProcess } from '../../server/testing/processes.ts';
import { type Answer, Visitor } from '../../server/testing/visitor.ts';
import { type Front, startFront } from './copies.ts';
import { flood } from './flood.ts';
import { gatewayKinds, startGateway } from './gateways.ts';
import { listening } from './listening.ts';
import { nginx, noProxy, type RunningProxy, send } from './proxies.ts';

const PASSWORD = 'the password of the first user';

describe('two copies, each request to another one', { skip: noPostgres || noProxy(nginx) }, () => {
  const opened = new AsyncDisposableStack();
  let copies: string[];
  /** Where each tells what it has counted. */
  const metrics: string[] = [];
  let front: Front;
  let gateway: RunningProxy;
  before(async () => {
    const url = await createTestDatabase();
    opened.defer(() => dropTestDatabase(url));
    copies = await Promise.all([startCopy(url), startCopy(url)]);
    front = await startFront(copies);
    opened.defer(() => front.stop());
    // What answers behind the gateway is of no interest: pages do.
    gateway = await startGateway(gatewayKinds.nginx, { app: copies, backend: copies[0] ?? '' });
    opened.defer(() => gateway.stop());
  });
  after(() => opened.disposeAsync());

  /** They start at once, so that both want to bring the schema up to date and make the first user. */
  async function startCopy(url: string): Promise<string> {
    const copy = new RunningProcess({
      DATABASE_URL: url,
      SESSION_SECRET: 'shared by all copies and long enough',
      FIRST_PASSWORD: PASSWORD,
      TRUST_PROXY: 'loopback',
      METRICS_PORT: '0',
    });
    opened.defer(async () => {
      copy.child.kill('SIGTERM');
      assert.equal(await copy.exitCode(), 0);
    });
    const { host } = new URL(await copy.started());
    metrics.push(/^Metrics are at (\S+)$/m.exec(copy.output)?.[1] ?? '');
    return host;
  }

  /** How many checks each copy has made so far. */
  async function checksOfEach(): Promise<number[]> {
    const texts = await Promise.all(metrics.map(async (url) => (await fetch(url)).text()));
    return texts.map((text) =>
      [...text.matchAll(/^key_checks_total\{.*\} (\d+)$/gm)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      ),
    );
  }

  /** Each of so many requests has been answered by another copy than the one before. */
  async function assertAlternated(requests: number): Promise<void> {
    // It is written once the answer is on its way.
    while (front.turns().length < requests) await setImmediate();
    const turns = front.turns();
    assert.equal(turns.length, requests);
    assert.deepEqual([...new Set(turns)].sort(), [...copies].sort());
    for (const [place, copy] of turns.entries()) {
      assert.notEqual(copy, turns[place - 1], `requests ${place} and ${place + 1}`);
    }
  }

  test('the walk: log in, Authenticate, make a key, use it, remove it, log out', async () => {
    const person = new Visitor(front.origin);
    // One was to see whether nginx answers.
    let requests = 1;
    const step = async (expected: number, answer: Promise<Answer>) => {
      requests++;
      const { status, body, location } = await answer;
      assert.equal(status, expected, body);
      return { body, location: location ?? '' };
    };
    const go = (path: string, expected = 200) => step(expected, person.get(path));
    const post = (path: string, fields: Record<string, string>, expected = 303) =>
      step(expected, person.post(path, fields));
    const use = (key: string, expected: number) => {
      const headers = { authorization: `Bearer ${key}` };
      return step(expected, new Visitor(front.origin).get('/api/whoami', headers));
    };

    await go('/login');
    await post('/login', { username: 'linodedemo', password: PASSWORD, next: '' });
    assert.match((await go('/')).body, /Signed in as linodedemo/);
    assert.match((await go('/profile', 303)).location, /^\/profile\/authenticate/);
    await go('/profile/authenticate');
    await post('/profile/authenticate', { password: PASSWORD, next: '' });
    await go('/profile');

    await go('/profile/api-keys');
    const form = { label: 'from two copies', expires: '1-week', request_id: person.requestId };
    const { body } = await post('/profile/api-keys', form, 200);
    const [, key = ''] = /data-secret>([0-9A-Za-z]{64})</.exec(body) ?? [];
    assert.equal(key.length, 64);
    // The same form once more, at the other copy.
    await post('/profile/api-keys', form);
    assert.match((await go('/profile/api-keys')).body, /That key was already created\./);
    assert.doesNotMatch((await go('/profile/api-keys')).body, new RegExp(key));
    for (const _copy of copies) await use(key, 200);

    const [removal = ''] = /\/profile\/api-keys\/\d+\/remove/.exec(body) ?? [];
    assert.match((await go(removal)).body, /Are you sure you want to remove this API key\?/);
    await post(removal, {});
    for (const _copy of copies) await use(key, 401);
    assert.match((await go('/profile/api-keys')).body, /The key has now been removed\./);

    const cookie = person.cookieHeader();
    await post('/logout', {});
    // It can't come back, at neither of them.
    for (const _copy of copies) {
      const { location } = await step(303, new Visitor(front.origin).get('/', { cookie }));
      assert.equal(location, '/login');
    }
    await assertAlternated(requests);
  });

  test('wrong passwords are counted by all copies together', async () => {
    // The wait after the sixth is a second, and doubles: on a slow machine one or two more get through.
    // Counted by each copy for itself, twelve would.
    const statuses: number[] = [];
    while (statuses.length < 12 && statuses.at(-1) !== 429) {
      const stranger = new Visitor(front.origin);
      await stranger.get('/login');
      const fields = { username: 'nobody', password: 'a guess', next: '' };
      statuses.push((await stranger.post('/login', fields)).status);
    }
    assert.ok(statuses.length > 6, statuses.join(' '));
    assert.equal(statuses.at(-1), 429);
  });

  test('the gateway asks another copy each time, and a removal holds at once', async () => {
    const person = new Visitor(front.origin);
    await person.logIn('linodedemo', PASSWORD);
    await person.authenticate(PASSWORD);
    const { secret } = await person.createKey();
    const headers = { authorization: `Bearer ${secret}` };
    const through = () => send(gateway.origin, '/login', { headers });
    const before = await checksOfEach();
    for (let time = 0; time < 4; time++) assert.equal((await through()).status, 200);
    assert.deepEqual(
      await checksOfEach(),
      before.map((checks) => checks + 2),
    );

    const removal = { method: 'DELETE', headers };
    assert.equal((await send(front.origin, '/api/key', removal)).status, 204);
    for (const _copy of copies) {
      const { status, headers: told } = await through();
      assert.equal(status, 401);
      assert.equal(told['x-auth-reason'], 'removed');
    }
  });
});

test('a post that a copy has read is sent to no other, whatever becomes of it', {
  skip: noProxy(nginx),
}, async (t) => {
  const dying = await Promise.all(
    Array.from({ length: 2 }, () => listening((_request, res) => res.destroy())),
  );
  for (const copy of dying) t.after(() => copy.close());
  const front = await startFront(dying.map(({ host }) => host));
  t.after(() => front.stop());
  const { status } = await send(front.origin, '/', { method: 'POST', body: 'label=once' });
  assert.equal(status, 502);
  const posts = dying.flatMap(({ requests }) => requests).filter(({ method }) => method === 'POST');
  assert.equal(posts.length, 1);
});

test('where one copy is gone, each request is answered by the other', {
  skip: noProxy(nginx),
}, async (t) => {
  const left = await listening((_request, res) => res.end('left'));
  t.after(() => left.close());
  const front = await startFront([`127.0.0.1:${await freePort()}`, left.host]);
  t.after(() => front.stop());
  for (const method of ['GET', 'POST', 'GET', 'POST']) {
    const { status, body } = await send(front.origin, '/', { method, body: '' });
    assert.equal(`${status} ${body}`, '200 left');
  }
});

test('a flood is stopped, and what a person does is not; headers that are too large are 431', {
  skip: noProxy(nginx),
}, async (t) => {
  const copy = await listening((_request, res) => res.end('answered'));
  t.after(() => copy.close());
  const front = await startFront([copy.host], { limitsFloods: true });
  t.after(() => front.stop());
  const headers = { 'X-Large': 'x'.repeat(9_000) };
  assert.equal((await send(front.origin, '/', { headers })).status, 431);
  const before = copy.requests.length;
  const statuses = await flood(front.origin);
  const answered = statuses.filter((status) => status === 200).length;
  assert.ok(answered >= 90);
  assert.ok(statuses.includes(429));
  assert.equal(copy.requests.length - before, answered);
});
