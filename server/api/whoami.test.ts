import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../testing/describe-app.ts';

describeApp('/api/whoami', (on) => {
  test('the answer describes the key and its user', async () => {
    const visitor = await on.app.signInNewUser();
    const { secret: key } = await visitor.createKey({ label: 'ci' });
    const answer = await fetch(`${on.app.origin}/api/whoami`, { headers: { 'x-api-key': key } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    const { created, last_used, ...rest }: Record<string, unknown> = await answer.json();
    assert.deepEqual(rest, {
      user: visitor.username,
      prefix: key.slice(0, 16),
      label: 'ci',
      permissions: ['*'],
      expires: null,
    });
    assert.match(String(created), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal(last_used, null);
  });

  test('without a valid key the answer is 401 with the reason', async () => {
    const answer = await fetch(`${on.app.origin}/api/whoami`);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="api"');
    assert.deepEqual(await answer.json(), { error: 'missing', message: 'A key is needed.' });
  });

  test('the answer says when a paused key resumes, and when a key that ends soon ends', async () => {
    const { secret: key } = await (await on.app.signInNewUser()).createKey({});
    const ask = () => fetch(`${on.app.origin}/api/whoami`, { headers: { 'x-api-key': key } });
    const change = (columns: string) =>
      sql`update api_keys set ${sql.raw(columns)} where prefix = ${key.slice(0, 16)}`.execute(
        on.db,
      );
    await change(`paused_until = now() + interval '1 minute'`);
    const paused = await ask();
    assert.equal(paused.status, 401);
    assert.match(paused.headers.get('retry-after') ?? '', /^(60|5\d)$/);
    assert.deepEqual(await paused.json(), { error: 'paused', message: 'The key is paused.' });
    await change(`paused_until = null, replaced_at = now(), expires_at = '2100-01-02T03:04:05Z'`);
    const passed = await ask();
    assert.equal(passed.status, 200);
    assert.equal(passed.headers.get('sunset'), 'Sat, 02 Jan 2100 03:04:05 GMT');
    const v3 = await fetch(`${on.app.origin}/api/?api_action=test.echo&api_key=${key}`);
    assert.equal(v3.headers.get('sunset'), 'Sat, 02 Jan 2100 03:04:05 GMT');
  });
});
