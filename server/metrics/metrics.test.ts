import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { openKeyLookup } from '../../db/api-keys/lookup.ts';
import { openDatabase } from '../../db/database.ts';
import { describeOnDatabase } from '../../db/testing/describe.ts';
import { findUser } from '../../db/users.ts';
import { program } from '../auth/caller.ts';
import { logInWith } from '../auth/check-password.ts';
import { listeningAt } from '../http/listening-at.ts';
import { startKeyChecks } from '../key-checks/check.ts';
import { type App, startApp } from '../testing/app.ts';
import { addUser } from '../testing/users.ts';
import type { Visitor } from '../testing/visitor.ts';
import { startMetrics } from './metrics.ts';

const apiPaths = ['/auth/verify', '/api', '/api/whoami', '/api/key'];

describeOnDatabase('metrics', (on) => {
  let app: App;
  let server: Server;
  let ada: Visitor;
  let secret: string;
  let change: (name: string, labels?: string) => Promise<number>;
  before(async () => {
    const metrics = startMetrics(on.db);
    app = await startApp(on.db, {}, on.location, { metrics });
    // A connection closed for being idle would break the next request if the process was busy.
    server = createServer({ keepAliveTimeout: 0 }, metrics.listener).listen(0, '127.0.0.1');
    await addUser(on.db, 'ada');
    ada = await app.signIn('ada');
    ({ secret } = await ada.createKey());
  });
  after(async () => {
    server.close();
    await app.close();
  });
  beforeEach(async () => {
    const before = await read();
    change = async (name, labels = '') => {
      const line = `${name}${labels && `{${labels}}`}`;
      const now = await read();
      assert.ok(now.has(line), `${line} is not there`);
      return (now.get(line) ?? 0) - (before.get(line) ?? 0);
    };
  });

  /** All exposed metrics, by name and labels. */
  async function read(): Promise<Map<string, number>> {
    const answer = await fetch(`${listeningAt(server)}/metrics`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const lines = (await answer.text()).split('\n').filter((line) => /^[^#]/.test(line));
    return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line))]));
  }

  async function check(key?: string): Promise<number> {
    const headers: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {};
    return (await fetch(`${app.origin}/auth/verify`, { headers })).status;
  }

  test('checks are counted by outcome, and those that reach the database', async () => {
    assert.equal(await check(secret), 204);
    assert.equal(await check(), 401);
    assert.equal(await check('junk'), 401);
    assert.equal(await change('key_checks_total', 'outcome="good"'), 1);
    assert.equal(await change('key_checks_total', 'outcome="missing"'), 1);
    assert.equal(await change('key_checks_total', 'outcome="unknown"'), 1);
    assert.equal(await change('key_checks_total', 'outcome="removed"'), 0);
    // Only the check of the good key reached the database.
    assert.equal(await change('key_lookup_keys_sum'), 1);

    await Promise.all(Array.from({ length: 40 }, () => check(secret)));
    assert.equal(await change('key_lookup_keys_sum'), 41);
  });

  test('a check that could not be made is counted as unavailable', async () => {
    const nowhere = startKeyChecks(
      on.db,
      openKeyLookup(on.db, { url: 'postgres://127.0.0.1:1/none' }),
      app.parts.log,
    );
    const from = { source: '', client: () => ({ ip: null, userAgent: '' }) };
    await assert.rejects(nowhere.check(new Set([secret]), from));
    await nowhere.close();
    assert.equal(await change('key_checks_total', 'outcome="unavailable"'), 1);
    assert.equal(await change('key_checks_total', 'outcome="good"'), 0);
  });

  test('log ins are counted by outcome, on the page and through the API', async () => {
    await app.newVisitor().logIn('ada');
    await app.newVisitor().logIn('ada', 'not the password');
    const form = { api_action: 'user.getapikey', username: 'ada', password: 'not that either' };
    await fetch(`${app.origin}/api/`, { method: 'POST', body: new URLSearchParams(form) });
    assert.equal(await change('log_ins_total', 'outcome="right"'), 1);
    assert.equal(await change('log_ins_total', 'outcome="wrong"'), 2);
    assert.equal(await change('log_ins_total', 'outcome="throttled"'), 0);

    let guesses = 0;
    while ((await app.newVisitor().logIn('nobody', 'a guess')).status !== 429) guesses++;
    assert.equal(await change('log_ins_total', 'outcome="wrong"'), 2 + guesses);
    assert.equal(await change('log_ins_total', 'outcome="throttled"'), 1);
  });

  test('a log in that could not be tried is counted as unavailable', async () => {
    const closed = await openDatabase(on.location);
    // Kysely does not close a pool that it has not used.
    await findUser(closed, 'nobody');
    await closed.destroy();
    const { passwords } = app;
    const nobody = { username: 'nobody', password: 'a guess' };
    const from = program({ ip: null, userAgent: '' });
    await assert.rejects(logInWith({ db: closed, passwords }, nobody, from, async () => undefined));
    assert.equal(await change('log_ins_total', 'outcome="unavailable"'), 1);
    assert.equal(await change('log_ins_total', 'outcome="wrong"'), 0);
  });

  test('requests are timed by method, route and status', async () => {
    const time = 'http_request_duration_seconds_count';
    await ada.get('/profile/api-keys?label=x');
    await ada.get('/profile/api-keys/123456/remove');
    await ada.post('/profile/api-keys/123456/remove');
    await app.newVisitor().get('/profile/api-keys');
    await check();
    await fetch(`${app.origin}/auth/verify/some/path`);
    await fetch(`${app.origin}/assets/css/main.css`);
    const counts = [
      ['GET', '/profile/api-keys', 200, 1],
      ['GET', '/profile/api-keys', 303, 1],
      ['GET', '/profile/api-keys/:id/remove', 404, 1],
      ['POST', '/profile/api-keys/:id/remove', 404, 1],
      ['GET', '/auth/verify', 401, 2],
      ['GET', 'files', 200, 1],
    ] as const;
    for (const [method, route, status, times] of counts) {
      const labels = `method="${method}",route="${route}",status="${status}"`;
      assert.equal(await change(time, labels), times, labels);
    }
  });

  test('no request adds a label, whatever its URL and its method', async () => {
    for (const path of apiPaths) await fetch(app.origin + path, { method: 'DELETE' });
    const names = ['first', 'second', 'third'];
    const askAll = (name: string) =>
      Promise.all([
        fetch(`${app.origin}/${name}`),
        fetch(`${app.origin}/api/${name}`),
        fetch(`${app.origin}/assets/css/${name}.css`),
        fetch(`${app.origin}/profile/${name}/12?${name}`, { redirect: 'manual' }),
        fetch(app.origin, { method: name.toUpperCase(), redirect: 'manual' }),
      ]);
    await askAll('a');
    const before = new Set((await read()).keys());
    for (const name of names) await askAll(name);
    const added = [...(await read()).keys()].filter((line) => !before.has(line));
    assert.deepEqual(added, []);
    for (const route of apiPaths) {
      assert.ok(
        [...before].some((line) => line.includes(`route="${route}"`)),
        route,
      );
    }
  });

  test('event-loop delay, memory and, on PostgreSQL, the pool are measured', async () => {
    const now = await read();
    assert.ok(now.has('nodejs_eventloop_lag_p99_seconds'));
    assert.ok((now.get('process_resident_memory_bytes') ?? 0) > 1e7);
    const hasPool = 'url' in on.location;
    const idle = now.get('database_connections{state="idle"}');
    assert.equal(idle !== undefined && idle >= 1, hasPool);
    assert.equal(now.get('database_connections{state="waiting"}'), hasPool ? 0 : undefined);
  });

  test('every metric that docs/production.md names exists', async () => {
    const page = readFileSync(
      path.resolve(import.meta.dirname, '../../docs/production.md'),
      'utf8',
    );
    const table = /^\| metric .*?\n\n/ms.exec(page)?.[0] ?? '';
    const named = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
    assert.ok(named.length >= 6);
    const text = await (await fetch(`${listeningAt(server)}/metrics`)).text();
    for (const name of named) assert.ok(text.includes(`# TYPE ${name} `), name);
  });

  test('metrics are at one URL of a port of their own, and nowhere in the app', async () => {
    assert.equal((await fetch(listeningAt(server))).status, 404);
    const { status } = await fetch(`${listeningAt(server)}/metrics`, { method: 'POST' });
    assert.equal(status, 404);
    assert.equal((await ada.get('/metrics')).status, 404);
  });
});
