import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../testing/describe-app.ts';

describeApp('/api/key', (on) => {
  test('a key can remove itself, which takes effect at once, and do nothing else to itself', async () => {
    const { secret } = await (await on.app.signInNewUser()).createKey();
    const headers = { 'x-api-key': secret };
    for (const [path, method] of [
      ['/api/key', 'GET'],
      ['/api/key', 'POST'],
      ['/api/whoami', 'DELETE'],
    ]) {
      const answer = await fetch(`${on.app.origin}${path}`, {
        method: method ?? '',
        headers,
      });
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.ok(answer.headers.get('allow'));
    }
    const remove = () => fetch(`${on.app.origin}/api/key`, { method: 'DELETE', headers });
    assert.equal((await remove()).status, 204);
    const check = await fetch(`${on.app.origin}/auth/verify`, { headers });
    assert.equal(check.headers.get('x-auth-reason'), 'removed');
    const again = await remove();
    assert.equal(again.status, 401);
    assert.deepEqual(await again.json(), { error: 'removed', message: 'The key was removed.' });
    const { rows } = await sql`select kind from events join api_keys on api_keys.id = key_id
      where prefix = ${secret.slice(0, 16)} order by events.id`.execute(on.db);
    assert.deepEqual(rows, [{ kind: 'key made' }, { kind: 'key removed' }]);
  });
});
