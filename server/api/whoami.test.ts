import assert from 'node:assert/strict';
import { test } from 'node:test';
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

  test('without a valid key it is 401 with the reason', async () => {
    const answer = await fetch(`${on.app.origin}/api/whoami`);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="api"');
    assert.deepEqual(await answer.json(), { error: 'missing', message: 'A key is needed.' });
  });
});
