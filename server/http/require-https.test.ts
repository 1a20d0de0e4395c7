import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../testing/app.ts';
import { describeApp } from '../testing/describe-app.ts';

describeApp('an app that browsers reach over https', (on) => {
  const missing = /came without the header .{1,10}X-Forwarded-Proto: https/;

  test('says on the page and in the log that the proxy does not send X-Forwarded-Proto', async (t) => {
    const app = await startApp(on.db, { secure: true, trustProxy: 1 });
    t.after(() => app.close());
    for (const headers of [{}, { 'x-forwarded-proto': 'http' }]) {
      app.logLines.length = 0;
      const page = await app.newVisitor().get('/login', headers);
      assert.equal(page.status, 503);
      assert.match(page.body, missing);
      assert.match(app.logLines.join(''), missing);
      assert.equal((await app.newVisitor().post('/login', {}, headers)).status, 503);
    }
    const headers = { 'x-forwarded-proto': 'https' };
    assert.equal((await app.newVisitor().get('/login', headers)).status, 200);
  });

  test('does not believe the header from a proxy that it does not trust', async (t) => {
    const app = await startApp(on.db, { secure: true, trustProxy: ['203.0.113.7'] });
    t.after(() => app.close());
    const page = await app.newVisitor().get('/login', { 'x-forwarded-proto': 'https' });
    assert.equal(page.status, 503);
    assert.match(page.body, missing);
  });

  test('is healthy, and answers programs, without the header', async (t) => {
    const app = await startApp(on.db, { secure: true, trustProxy: 1 }, on.location);
    t.after(() => app.close());
    for (const path of ['/healthz', '/readyz', '/api/?api_action=test.echo']) {
      assert.equal((await app.newVisitor().get(path)).status, 200, path);
    }
  });
});
