import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeOnEachDatabase } from '../../db/testing/each-database.ts';
import { startApp } from '../testing/app.ts';
import { addUser } from '../testing/users.ts';

describeOnEachDatabase('/api/whoami', (on) => {
  let app: Awaited<ReturnType<typeof startApp>>;
  before(async () => {
    app = await startApp(on.db, {}, on.location);
    await addUser(on.db, 'ada');
  });
  after(() => app.close());

  test('a key tells what it is', async () => {
    const { secret: key = '' } = await (await app.signIn('ada')).createKey({ label: 'ci' });
    const answer = await fetch(`${app.origin}/api/whoami`, { headers: { 'x-api-key': key } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    const { created, last_used, ...rest }: Record<string, unknown> = await answer.json();
    assert.deepEqual(rest, {
      user: 'ada',
      prefix: key.slice(0, 16),
      label: 'ci',
      permissions: ['*'],
      expires: null,
    });
    assert.match(String(created), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal(last_used, null);
  });

  test('without a good key it is 401, and says why', async () => {
    const answer = await fetch(`${app.origin}/api/whoami`);
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="api"');
    assert.deepEqual(await answer.json(), { error: 'missing', message: 'A key is needed.' });
  });
});
