import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KyselyPlugin } from 'kysely';
import { openDatabase } from '../db/database.ts';
import {
  allowConnections,
  createTestDatabase,
  dropTestDatabase,
  noPostgres,
} from '../db/testing/databases.ts';
import { describeOnDatabase } from '../db/testing/describe.ts';
import { until } from '../db/testing/until.ts';
import { assetUrl } from './pages/static-files.ts';
import { type App, startApp } from './testing/app.ts';
import { addUser } from './testing/users.ts';
import type { Visitor } from './testing/visitor.ts';

const TAB = '/profile/api-keys';

describeOnDatabase('the app', (on) => {
  let app: App;
  let visitor: Visitor;
  const statements: string[] = [];
  const recorder: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      statements.push(result.numAffectedRows === undefined ? 'read' : 'write');
      return result;
    },
  };

  before(async () => {
    app = await startApp(on.db.withPlugin(recorder));
    await addUser(on.db, 'ada');
    visitor = await app.signIn('ada');
  });
  after(() => app.close());

  test('viewing the tab costs seven reads and no write', async () => {
    await visitor.createKey();
    await visitor.get(TAB);
    statements.length = 0;
    assert.equal((await visitor.get(TAB)).status, 200);
    // Of the session, the keys and their rotations, those that expire soon, those that ended, leak reports,
    // and the activity.
    assert.deepEqual(statements, new Array(7).fill('read'));
  });

  test('every answer has the strict headers', async () => {
    for (const path of ['/login', '/', '/profile', TAB, '/nothing', assetUrl('css/main.css')]) {
      const { headers } = await visitor.get(path);
      assert.equal(
        headers.get('content-security-policy'),
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';" +
          "form-action 'self';frame-ancestors 'none';base-uri 'none'",
      );
      assert.equal(headers.get('x-frame-options'), 'DENY');
      assert.equal(headers.get('referrer-policy'), 'same-origin');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('strict-transport-security'), null);
      assert.equal(headers.get('x-powered-by'), null);
      assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    }
  });

  test('no page of a user may be stored, and none has an inline script or style', async () => {
    const { id } = await visitor.createKey();
    for (const path of [
      '/',
      '/profile',
      '/profile/authenticate',
      TAB,
      `${TAB}/${id}/remove`,
      '/nothing',
    ]) {
      const { headers, body } = await visitor.get(path);
      assert.equal(headers.get('cache-control'), 'no-store', path);
      assert.doesNotMatch(body, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:/, path);
    }
    assert.equal((await app.newVisitor().get('/login')).headers.get('cache-control'), 'no-store');
  });

  test('every signed-in page has the user name, my profile and log out at its top', async () => {
    for (const path of ['/', '/profile', '/profile/authenticate', TAB, '/nothing']) {
      const { body } = await visitor.get(path);
      assert.match(body, /<strong>ada<\/strong>/, path);
      assert.match(body, /<a href="\/profile">my profile<\/a>/, path);
      assert.match(
        body,
        /action="\/logout"[\s\S]*name="_csrf" value=".+"[\s\S]*log out<\/button>/,
        path,
      );
    }
  });

  test("every page of the profile says when it locks, in the user's time zone", async () => {
    const { id } = await visitor.createKey();
    await on.db.updateTable('users').set({ time_zone: 'Asia/Kolkata' }).execute();
    for (const path of ['/profile', TAB, `${TAB}/${id}/remove`, '/profile/nothing']) {
      const { body } = await visitor.get(path);
      const [, iso = '', clock] =
        /Settings lock at <time datetime="(.+?)">(\d\d:\d\d)<\/time>/.exec(body) ?? [];
      const inKolkata = new Date(new Date(iso).getTime() + 5.5 * 3_600_000);
      assert.equal(inKolkata.toISOString().slice(11, 16), clock, path);
    }
    await on.db.updateTable('users').set({ time_zone: 'UTC' }).execute();
    assert.doesNotMatch((await visitor.get('/')).body, /Settings lock/);
  });

  test("the page counts down to the lock by the database's clock", async (context) => {
    const secondsLeft = async () => {
      const { body } = await visitor.get('/profile');
      return Number(/data-locks-in="(-?\d+)"/.exec(body)?.[1]);
    };
    for (const minutesOff of [11, -11]) {
      context.mock.timers.enable({ apis: ['Date'], now: Date.now() + minutesOff * 60_000 });
      const seconds = await secondsLeft();
      assert.ok(seconds > 0 && seconds <= 600, `${seconds} seconds`);
      context.mock.timers.reset();
    }
  });

  test('/healthz is 200 until the process ends, /readyz while it can serve and is not stopping', async () => {
    assert.equal((await visitor.get('/healthz')).status, 200);
    assert.equal((await visitor.get('/readyz')).status, 200);
    const closed = await openDatabase(on.location);
    const other = await startApp(closed);
    await closed.destroy();
    assert.equal((await other.newVisitor().get('/readyz')).status, 503);
    assert.equal((await other.newVisitor().get('/healthz')).status, 200);
    await other.close();

    const last = await startApp(on.db);
    last.stopping.abort();
    assert.equal((await last.newVisitor().get('/readyz')).status, 503);
    assert.equal((await last.newVisitor().get('/healthz')).status, 200);
    await last.close();
  });

  test('an unknown URL is 404, in the frame of the site', async () => {
    for (const path of ['/nothing', '/profile/nothing', '/login/nothing', '/%2e%2e/package.json']) {
      const { status, body } = await visitor.get(path);
      assert.equal(status, 404, path);
      assert.match(body, /<h1>Not found<\/h1>/);
      assert.match(body, /typing mistake[\s\S]*<a href="\/profile\/api-keys">API Keys<\/a>/, path);
    }
    const answer = await app.newVisitor().get('/nothing');
    assert.equal(answer.status, 404);
    assert.match(answer.body, /<a href="\/login">Log in<\/a>/);
    assert.doesNotMatch(answer.body, /href="\/profile/);
    assert.equal((await visitor.send(TAB, { method: 'HEAD' })).status, 200);
  });

  test('broken requests are never a 500, and those that are refused create nothing', async () => {
    await visitor.get(TAB);
    const count = async () => (await on.db.selectFrom('api_keys').select('id').execute()).length;
    const before = await count();
    const valid = `_csrf=${visitor.csrfToken}&label=x&expires=never&request_id=${visitor.requestId}`;
    const form = 'application/x-www-form-urlencoded';
    const requests: [string, string, number][] = [
      [`${valid}&label=${'x'.repeat(11_000)}`, form, 413],
      [`${valid}&label=y`, form, 400],
      [`${valid}&extra=y`, form, 400],
      [`${valid}&label[]=y`, form, 400],
      [valid.replace('label=x', 'label=%00'), form, 422],
      // Accepted: the byte is read as U+FFFD.
      [valid.replace('label=x', 'label=%ff'), form, 200],
      [valid, `${form}; charset=koi8-r`, 415],
      [valid, 'application/json', 403],
      [valid, 'multipart/form-data; boundary=x', 403],
    ];
    for (const [body, type, status] of requests) {
      const headers = { 'content-type': type };
      const answer = await visitor.send(TAB, { method: 'POST', body, headers });
      assert.equal(answer.status, status, `${type} ${body.slice(-20)}`);
    }
    assert.equal(await count(), before + 1);
    assert.equal((await visitor.get('/%C0%80')).status, 404);
    assert.equal((await visitor.send(TAB, { method: 'DELETE' })).status, 403);
  });

  test('an internal error shows a request id that is also in the log, and never a stack', async () => {
    await on.db.schema.alterTable('api_keys').renameTo('api_keys_away').execute();
    const { status, headers, body } = await visitor.get(TAB);
    await on.db.schema.alterTable('api_keys_away').renameTo('api_keys').execute();
    assert.equal(status, 500);
    const requestId = headers.get('x-request-id') ?? '';
    assert.ok(body.includes(requestId));
    assert.doesNotMatch(body, /api_keys_away|node_modules|^\s*at .+:\d+:\d+|select/im);
    assert.ok(app.logLines.some((line) => line.includes(requestId) && line.includes('"err"')));
  });

  test('an error in the log contains nothing that was typed', async () => {
    await on.db.schema.alterTable('events').renameTo('events_away').execute();
    app.logLines.length = 0;
    const { status } = await visitor.postKey({ label: 'typed-by-a-person' });
    await on.db.schema.alterTable('events_away').renameTo('events').execute();
    assert.equal(status, 500);
    const log = app.logLines.join('');
    assert.match(log, /"err":.*events/);
    assert.doesNotMatch(log, /typed-by-a-person|"params"|"query"|"detail"/);
  });

  test('the log has one line per request, without query, cookies, bodies or keys', async () => {
    const { secret } = await visitor.createKey({ label: 'a-secret-label' });
    app.logLines.length = 0;
    await visitor.get(`${TAB}?label=a-secret-query`);
    await visitor.get(`/x/${secret}/y`);
    await visitor.authenticate('a-secret-password');
    await app.settled();
    assert.equal(app.logLines.length, 4);
    const log = app.logLines.join('');
    for (const hidden of ['a-secret', secret, visitor.csrfToken, ...visitor.cookies.values()]) {
      assert.ok(!log.includes(hidden), hidden);
    }
    const line: Record<string, unknown> = JSON.parse(app.logLines[1] ?? '');
    assert.equal(line.path, '/x/…/y');
    assert.equal(line.status, 404);
    assert.equal(line.ip, '127.0.0.1');
  });

  test('X-Forwarded-For counts only where TRUST_PROXY says so', async () => {
    const forged = { 'x-forwarded-for': '198.51.100.9' };
    await visitor.get('/', forged);
    assert.ok(!app.logLines.at(-1)?.includes('198.51.100.9'));
    const proxied = await startApp(on.db, { trustProxy: 1 });
    await proxied.newVisitor().get('/', forged);
    assert.ok(proxied.logLines.at(-1)?.includes('198.51.100.9'));
    await proxied.close();
  });
});

test('without PostgreSQL: an error page with 503, not ready; recovers by itself', {
  skip: noPostgres,
}, async (t) => {
  const url = await createTestDatabase();
  t.after(() => dropTestDatabase(url));
  const db = await openDatabase({ url });
  t.after(() => db.destroy());
  const app = await startApp(db);
  t.after(() => app.close());
  await addUser(db, 'ada');
  const visitor = await app.signIn('ada');

  await allowConnections(url, false);
  for (const path of ['/', TAB, '/login']) {
    const { status, headers, body } = await visitor.get(path);
    assert.equal(status, 503, path);
    assert.ok(headers.get('retry-after'));
    assert.match(body, /<h1>Not available<\/h1>/);
  }
  assert.equal((await app.newVisitor().get('/login')).status, 503);
  assert.equal((await visitor.get('/readyz')).status, 503);
  assert.equal((await visitor.get('/healthz')).status, 200);

  await allowConnections(url, true);
  assert.equal((await visitor.get(TAB)).status, 200);
  // /readyz asks the database at most once a second.
  await until('it is ready', async () => (await visitor.get('/readyz')).status === 200);
});
