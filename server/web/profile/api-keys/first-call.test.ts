import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../../testing/describe-app.ts';

describeApp('/profile/api-keys/:id/first-call', (on) => {
  test('tells the first call with a key, once there was one', async () => {
    const visitor = await on.app.signInNewUser();
    const { id } = await visitor.createKey();
    const path = `/profile/api-keys/${id}/first-call`;
    assert.equal((await visitor.get(path)).status, 204);
    await sql`
      update api_keys set last_used_at = '2014-02-13T12:01:30Z', last_used_ip = '203.0.113.4'
      where id = ${Number(id)}`.execute(on.db);
    const { status, body, headers } = await visitor.get(path);
    assert.equal(status, 200);
    assert.equal(body, 'First call received from 203.0.113.4 at 12:01');
    assert.match(headers.get('content-type') ?? '', /^text\/plain/);
  });

  test('does not prolong the session, as every other page does', async () => {
    const visitor = await on.app.signInNewUser();
    const { id } = await visitor.createKey();
    const age = async () => {
      const { rows } = await sql<{ minutes: number }>`
        select floor(extract(epoch from now() - max(seen_at)) / 60)::int as minutes
        from sessions join users on users.id = user_id
        where username = ${visitor.username} and ended_at is null`.execute(on.db);
      return rows[0]?.minutes;
    };
    await sql`update sessions set seen_at = now() - interval '20 minutes'`.execute(on.db);
    assert.equal((await visitor.get(`/profile/api-keys/${id}/first-call`)).status, 204);
    assert.equal(await age(), 20);
    await visitor.get('/profile/api-keys');
    assert.equal(await age(), 0);
  });
});
