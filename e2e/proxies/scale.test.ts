// Two instances of the app as it ships, behind nginx with docs/scale/nginx.conf. The instances answer
// requests alternately.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../../db/testing/databases.ts';
import { freePort, RunningProcess } from '../../server/testing/processes.ts';
import { type Answer, Visitor } from '../../server/testing/visitor.ts';
import { flood } from './flood.ts';
import { gatewayKinds, startGateway } from './gateways.ts';
import { type Front, startFront } from './instances.ts';
import { listening } from './listening.ts';
import { nginx, noProxy, type RunningProxy, send } from './proxies.ts';

const PASSWORD = 'the password of the first user';

describe('two instances that answer alternately', { skip: noPostgres || noProxy(nginx) }, () => {
  const opened = new AsyncDisposableStack();
  let instances: string[];
  /** The URL of each instance's metrics. */
  const metrics: string[] = [];
  let front: Front;
  let gateway: RunningProxy;
  before(async () => {
    const url = await createTestDatabase();
    opened.defer(() => dropTestDatabase(url));
    instances = await Promise.all([startInstance(url), startInstance(url)]);
    front = await startFront(instances);
    opened.defer(() => front.stop());
    // Any service will do behind the gateway: here the app's own pages.
    gateway = await startGateway(gatewayKinds.nginx, {
      app: instances,
      backend: instances[0] ?? '',
    });
    opened.defer(() => gateway.stop());
  });
  after(() => opened.disposeAsync());

  /** Both start at once, so that both try to migrate the schema and create the first user. */
  async function startInstance(url: string): Promise<string> {
    const instance = new RunningProcess({
      DATABASE_URL: url,
      SESSION_SECRET: 'shared by all instances and long enough',
      FIRST_PASSWORD: PASSWORD,
      TRUST_PROXY: 'loopback',
      METRICS_PORT: '0',
    });
    opened.defer(async () => {
      instance.child.kill('SIGTERM');
      assert.equal(await instance.exitCode(), 0);
    });
    const { host } = new URL(await instance.started());
    metrics.push(/^Metrics are at (\S+)$/m.exec(instance.output)?.[1] ?? '');
    return host;
  }

  /** How many keys each instance has checked so far. */
  async function checksOfEach(): Promise<number[]> {
    const texts = await Promise.all(metrics.map(async (url) => (await fetch(url)).text()));
    return texts.map((text) =>
      [...text.matchAll(/^key_checks_total\{.*\} (\d+)$/gm)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      ),
    );
  }

  /** Asserts that there were this many requests, and that the instances alternated. */
  async function assertAlternated(requests: number): Promise<void> {
    // nginx writes the line after it has begun to send the answer.
    while (front.turns().length < requests) await setImmediate();
    const turns = front.turns();
    assert.equal(turns.length, requests);
    assert.deepEqual([...new Set(turns)].sort(), [...instances].sort());
    for (const [index, instance] of turns.entries()) {
      assert.notEqual(instance, turns[index - 1], `requests ${index} and ${index + 1}`);
    }
  }

  test('a person logs in, authenticates, creates a key, uses it, removes it and logs out', async () => {
    const person = new Visitor(front.origin);
    // The first request checked whether nginx answers.
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
    const form = { label: 'from two instances', expires: '1-week', request_id: person.requestId };
    const { body } = await post('/profile/api-keys', form, 200);
    const [, key = ''] = /data-secret>([0-9A-Za-z]{64})</.exec(body) ?? [];
    assert.equal(key.length, 64);
    // The same form again, at the other instance.
    await post('/profile/api-keys', form);
    assert.match((await go('/profile/api-keys')).body, /That key was already created\./);
    assert.doesNotMatch((await go('/profile/api-keys')).body, new RegExp(key));
    for (const _instance of instances) await use(key, 200);

    const [removal = ''] = /\/profile\/api-keys\/\d+\/remove/.exec(body) ?? [];
    assert.match((await go(removal)).body, /Are you sure you want to remove this API key\?/);
    await post(removal, {});
    for (const _instance of instances) await use(key, 401);
    assert.match((await go('/profile/api-keys')).body, /The key has now been removed/);

    const cookie = person.cookieHeader();
    await post('/logout', {});
    // The session has ended at both.
    for (const _instance of instances) {
      const { location } = await step(303, new Visitor(front.origin).get('/', { cookie }));
      assert.equal(location, '/login');
    }
    await assertAlternated(requests);
  });

  test('wrong passwords are counted by all instances together', async () => {
    // The wait is a second after the sixth failure, and doubles: on a slow machine one or two more passwords
    // are checked. If each instance counted separately, all twelve would be.
    const statuses: number[] = [];
    while (statuses.length < 12 && statuses.at(-1) !== 429) {
      const visitor = new Visitor(front.origin);
      await visitor.get('/login');
      const fields = { username: 'unknown', password: 'a guess', next: '' };
      statuses.push((await visitor.post('/login', fields)).status);
    }
    assert.ok(statuses.length > 6, statuses.join(' '));
    assert.equal(statuses.at(-1), 429);
  });

  test('the gateway alternates between instances, and a removal takes effect at once', async () => {
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
    for (const _instance of instances) {
      const { status, headers: answered } = await through();
      assert.equal(status, 401);
      assert.equal(answered['x-auth-reason'], 'removed');
    }
  });
});

test('a post that one instance has read is never sent to another', {
  skip: noProxy(nginx),
}, async (t) => {
  const dying = await Promise.all(
    Array.from({ length: 2 }, () => listening((_request, res) => res.destroy())),
  );
  for (const instance of dying) t.after(() => instance.close());
  const front = await startFront(dying.map(({ host }) => host));
  t.after(() => front.stop());
  const { status } = await send(front.origin, '/', { method: 'POST', body: 'label=once' });
  assert.equal(status, 502);
  const posts = dying.flatMap(({ requests }) => requests).filter(({ method }) => method === 'POST');
  assert.equal(posts.length, 1);
});

test('when one instance is gone, the other answers every request', {
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

test('a flood is limited and normal use is not; headers that are too large are 431', {
  skip: noProxy(nginx),
}, async (t) => {
  const instance = await listening((_request, res) => res.end('answered'));
  t.after(() => instance.close());
  const front = await startFront([instance.host], { limitsFloods: true });
  t.after(() => front.stop());
  const headers = { 'X-Large': 'x'.repeat(9_000) };
  assert.equal((await send(front.origin, '/', { headers })).status, 431);
  const before = instance.requests.length;
  const statuses = await flood(front.origin);
  const answered = statuses.filter((status) => status === 200).length;
  assert.ok(answered >= 90);
  assert.ok(statuses.includes(429));
  assert.equal(instance.requests.length - before, answered);
});
