import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { setDisabled } from '../../../../db/users.ts';
import { startApp } from '../../../testing/app.ts';
import { describeApp } from '../../../testing/describe-app.ts';
import type { Visitor } from '../../../testing/visitor.ts';

const TAB = '/profile/api-keys';

describeApp('expired and removed keys on /profile/api-keys', (on) => {
  const change = (id: string, to: string) =>
    sql`update api_keys set ${sql.raw(to)} where id = ${Number(id)}`.execute(on.db);

  /** The section as a text; empty if the page has none. */
  async function section(visitor: Visitor): Promise<string> {
    const { body } = await visitor.get(TAB);
    const html =
      /<summary[^>]*><h2>Expired and removed keys<[\s\S]*?<\/details>/.exec(body)?.[0] ?? '';
    return html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
  }

  test('a user without any has no section', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.createKey();
    assert.equal(await section(visitor), '');
  });

  test('are named to their owner alone, with how they ended and by whom', async () => {
    const visitor = await on.app.signInNewUser();
    const expired = await visitor.createKey({ label: 'nightly', expires: '1-hour' });
    const removed = await visitor.createKey({ label: 'laptop <b>' });
    const itself = await visitor.createKey({ label: 'script' });
    await change(expired.id, `expires_at = '2026-01-02T03:04:05Z'`);
    await visitor.post(`${TAB}/${removed.id}/remove`);
    const headers = { 'x-api-key': itself.secret };
    await fetch(`${on.app.origin}/api/key`, { method: 'DELETE', headers });

    const text = await section(visitor);
    assert.match(text, /Expired and removed keys \(3\) /);
    for (const { secret } of [expired, removed, itself]) {
      assert.ok(text.includes(`${secret.slice(0, 16)}…`) && !text.includes(secret));
    }
    assert.match(text, /nightly lmk\w+… Expired [^.]+ ago\. 2026-01-02 03:04 /);
    assert.match(text, /laptop &lt;b&gt; lmk\w+… Removed less than a minute ago by you\./);
    assert.match(
      text,
      /script lmk\w+… Removed less than a minute ago by the key itself, from 127\.0\.0\.1\./,
    );
    assert.match(text, /90 days after their end/);
    const { body } = await visitor.get(TAB);
    for (const { id } of [expired, removed, itself]) {
      assert.match(body, new RegExp(`<a href="${TAB}/${id}" [^>]*>Details</a>`));
    }
    assert.equal(await section(await on.app.signInNewUser()), '');
  });

  test('of very many the page shows 25 and says how many there are', async () => {
    const visitor = await on.app.signInNewUser();
    const { id } = await visitor.createKey({ label: 'active' });
    const addEnded = (count: number) =>
      sql`
        insert into api_keys (user_id, label, prefix, digest, request_id, created_via, removed_at)
        select user_id, 'old ' || n, md5(random()::text)::char(16), sha256(random()::text::bytea),
          gen_random_uuid(), 'API', now() - make_interval(mins => n)
        from api_keys, generate_series(1, ${count}) n where id = ${Number(id)}`.execute(on.db);
    await addEnded(26);
    const some = await section(visitor);
    assert.match(some, /keys \(26\)/);
    assert.match(some, /Showing 25 of 26\./);
    assert.ok(some.includes('old 25 ') && !some.includes('old 26 '));
    await addEnded(1_000);
    const many = await section(visitor);
    assert.match(many, /keys \(more than 1,000\)/);
    assert.match(many, /Showing 25 of more than 1,000\./);
    assert.equal(many.match(/ago\./g)?.length, 25);
  });

  test('that programs still try are counted in the summary, with when, from where and how often', async () => {
    const visitor = await on.app.signInNewUser();
    const removed = await visitor.createKey();
    const expired = await visitor.createKey();
    await visitor.post(`${TAB}/${removed.id}/remove`);
    await change(expired.id, `expires_at = now()`);
    const app = await startApp(on.db, { trustProxy: 1 }, on.location);
    const check = (secret: string, ip: string) =>
      fetch(`${app.origin}/auth/verify`, {
        headers: { 'x-api-key': secret, 'x-forwarded-for': ip, 'user-agent': 'curl/8.5.0' },
      });
    for (const ip of ['10.0.0.11', '10.0.0.12']) await check(removed.secret, ip);
    await app.close();
    const tried =
      /Still being tried: last less than a minute ago from 10\.0\.0\.12 \(curl 8\.5\), at least 2 times\./;
    const one = await section(visitor);
    assert.match(one, /keys \(2\), 1 is still being tried/);
    assert.match(one, tried);

    const again = await startApp(on.db, { trustProxy: 1 }, on.location);
    await fetch(`${again.origin}/api/whoami`, { headers: { 'x-api-key': expired.secret } });
    await again.close();
    const two = await section(visitor);
    assert.match(two, /keys \(2\), 2 are still being tried/);
    assert.match(two, /from 127\.0\.0\.1 \(node\), at least once\./);
    const { rows } = await sql`select last_used_at from api_keys
      where id in (${Number(removed.id)}, ${Number(expired.id)})`.execute(on.db);
    assert.deepEqual(rows, [{ last_used_at: null }, { last_used_at: null }]);
  });

  test('are not counted as tried while their owner is disabled', async () => {
    const visitor = await on.app.signInNewUser();
    const { id, secret } = await visitor.createKey();
    await visitor.post(`${TAB}/${id}/remove`);
    const app = await startApp(on.db, {}, on.location);
    await setDisabled(on.db, visitor.username, true);
    const answer = await fetch(`${app.origin}/auth/verify`, { headers: { 'x-api-key': secret } });
    assert.equal(answer.headers.get('x-auth-reason'), 'removed');
    await app.close();
    await setDisabled(on.db, visitor.username, false);
    const { rows } =
      await sql`select late_use_count from api_keys where id = ${Number(id)}`.execute(on.db);
    assert.deepEqual(rows, [{ late_use_count: 0 }]);
  });
});
