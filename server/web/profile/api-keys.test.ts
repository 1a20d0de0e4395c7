import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { sql } from 'kysely';
import { isWellFormed } from '../../api-keys/secret.ts';
import { describeApp } from '../../testing/describe-app.ts';

describeApp('/profile/api-keys', (on) => {
  const countRows = async () => (await on.db.selectFrom('api_keys').select('id').execute()).length;

  test('without keys the table says so', async () => {
    const visitor = await on.app.signInNewUser();
    const { body } = await visitor.get('/profile/api-keys');
    assert.match(body, /You have no API keys, so your API is inaccessible\./);
  });

  test('Recent activity shows the latest 5 events', async () => {
    const visitor = await on.app.signInNewUser();
    await sql`
      insert into events (kind, user_id, user_agent)
      select 'event ' || n, (select max(id) from users), '' from generate_series(1, 1000) n`.execute(
      on.db,
    );
    const { body } = await visitor.get('/profile/api-keys');
    const activity = [...body.matchAll(/>event (\d+)</g)].map(([, n]) => Number(n));
    assert.deepEqual(activity, [1000, 999, 998, 997, 996]);
  });

  test('a new key is shown whole, is well-formed, and its digest is kept', async () => {
    const visitor = await on.app.signInNewUser();
    const { status, headers, secret, body } = await visitor.createKey({ label: 'key1' });
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.ok(isWellFormed(secret));
    assert.match(body, /<title>API key created · API Keys · My Profile · Linode Manager<\/title>/);
    assert.match(body, /name="label" value=""/);
    const digest = createHash('sha256').update(secret).digest();
    const kept = await on.db
      .selectFrom('api_keys')
      .selectAll()
      .where('digest', '=', digest)
      .execute();
    assert.equal(kept.length, 1);
    assert.equal(kept[0]?.prefix, secret.slice(0, 16));
    assert.equal(kept[0]?.label, 'key1');
    assert.equal(kept[0]?.created_via, 'Linode Manager');
  });

  test('a key appears in exactly one response, and nowhere else', async () => {
    const visitor = await on.app.signInNewUser();
    const { secret, headers } = await visitor.createKey();
    assert.ok(!JSON.stringify([...headers]).includes(secret));
    for (const path of ['/profile/api-keys', '/', '/profile']) {
      const answer = await visitor.get(path);
      assert.equal(answer.status, 200);
      assert.ok(!answer.body.includes(secret));
    }
    assert.ok(!JSON.stringify([...visitor.cookies]).includes(secret));
    assert.ok(
      on.app.logLines.length > 0 && on.app.logLines.every((line) => !line.includes(secret)),
    );
    for (const table of ['users', 'sessions', 'api_keys', 'events']) {
      const { rows } = await sql<{ row: string }>`
        select t::text as row from ${sql.table(table)} t`.execute(on.db);
      assert.ok(rows.length > 0 && rows.every(({ row }) => !row.includes(secret)));
    }
  });

  test('a request repeated twenty times at once creates one key, shown once', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile/api-keys');
    const fields = { label: 'one', expires: '1-day', request_id: visitor.requestId };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => visitor.post('/profile/api-keys', fields)),
    );
    const shown = answers.filter((answer) => answer.body.includes('data-secret'));
    assert.equal(shown.length, 1);
    const others = answers.filter((answer) => answer !== shown[0]);
    assert.ok(
      others.every((answer) => answer.status === 303 && answer.location === '/profile/api-keys'),
    );
    const { body } = await visitor.get('/profile/api-keys');
    assert.match(body, /That key was already created\. Its full value cannot be shown again\./);
    assert.equal(body.match(/data-remove/g)?.length, 1);
    assert.notEqual(visitor.requestId, fields.request_id);
    assert.ok(!(await visitor.get('/profile/api-keys')).body.includes('already created'));
  });

  test('a repetition that asks for something else leads back to the form, filled in', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile/api-keys');
    const request_id = visitor.requestId;
    await visitor.post('/profile/api-keys', { label: 'one', expires: 'never', request_id });
    for (const other of [
      { label: 'two', expires: 'never' },
      { label: 'one', expires: '1-day' },
    ]) {
      const again = await visitor.post('/profile/api-keys', { ...other, request_id });
      assert.equal(again.location, `/profile/api-keys?${new URLSearchParams(other)}`);
      const { body } = await visitor.get(again.location ?? '');
      assert.match(body, new RegExp(`name="label" value="${other.label}"`));
      assert.match(body, new RegExp(`value="${other.expires}" selected`));
      assert.notEqual(visitor.requestId, request_id);
    }
    assert.match((await visitor.createKey({ label: 'two' })).body, /data-secret/);
  });

  test('as many keys as desired, with any label and expiry', async () => {
    const visitor = await on.app.signInNewUser();
    const expiries = [
      'never',
      '1-hour',
      '1-day',
      '1-week',
      '1-month',
      '3-months',
      '6-months',
      '12-months',
    ];
    for (const expires of expiries) {
      assert.equal((await visitor.createKey({ label: 'same', expires })).status, 200);
    }
    const { body } = await visitor.get('/profile/api-keys');
    assert.equal(body.match(/data-remove/g)?.length, expiries.length);
    assert.match(body, /59 minutes[\s\S]*23 hours[\s\S]*6 days/);
    assert.match(body, /11 months/);
  });

  test('a wrong label or expiry has its message at the field, and what was typed stays', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile/api-keys');
    const before = await countRows();
    const long = `"><b>${'W'.repeat(130)}`;
    const answer = await visitor.post('/profile/api-keys', {
      label: long,
      expires: '2-years',
      request_id: visitor.requestId,
    });
    assert.equal(answer.status, 422);
    assert.match(answer.body, /aria-describedby="label-problem label-hint"/);
    assert.match(
      answer.body,
      /id="label-problem">A label has at most 128 characters; this one has 135\./,
    );
    assert.match(answer.body, /aria-describedby="expires-problem"/);
    assert.ok(answer.body.includes(`value="&#34;&gt;&lt;b&gt;${'W'.repeat(130)}"`));
    const one = await visitor.post('/profile/api-keys', {
      label: 'a\u0007b',
      expires: '1-week',
      request_id: visitor.requestId,
    });
    assert.equal(one.status, 422);
    assert.match(one.body, /<option value="1-week" selected>/);
    assert.equal(await countRows(), before);
  });

  test('labels are escaped wherever they appear', async () => {
    const visitor = await on.app.signInNewUser();
    const label = '"><img src=x onerror=alert(1)>';
    const { body, id } = await visitor.createKey({ label });
    assert.ok(!body.includes('<img'));
    assert.ok(body.includes('<bdi>&#34;&gt;&lt;img src=x onerror=alert(1)&gt;</bdi>'));
    const removal = await visitor.get(`/profile/api-keys/${id}/remove`);
    assert.ok(!removal.body.includes('<img'));
    const { body: filled } = await visitor.get(
      `/profile/api-keys?label=${encodeURIComponent(label)}`,
    );
    assert.ok(!filled.includes('<img'));
  });

  test('a URL can fill in the form; unknown values are ignored', async () => {
    const visitor = await on.app.signInNewUser();
    const { body } = await visitor.get('/profile/api-keys?label=ci&expires=3-months&x=y');
    assert.match(body, /name="label" value="ci"/);
    assert.match(body, /<option value="3-months" selected>/);
    const other = await visitor.get('/profile/api-keys?label=a&label=b&expires=soon');
    assert.equal(other.status, 200);
    assert.match(other.body, /name="label" value=""/);
    assert.match(other.body, /<option value="never" selected>/);
  });

  test('an expired key leaves the table', async () => {
    const visitor = await on.app.signInNewUser();
    const { id } = await visitor.createKey({ expires: '1-hour' });
    await on.db
      .updateTable('api_keys')
      .set({ expires_at: sql<Date>`now()` })
      .where('id', '=', Number(id))
      .execute();
    const { body } = await visitor.get('/profile/api-keys');
    assert.match(body, /You have no API keys, so your API is inaccessible\./);
    assert.ok(!body.includes(`/profile/api-keys/${id}/remove`));
  });

  test('a user sees only their own keys', async () => {
    const { secret } = await (await on.app.signInNewUser()).createKey({ label: 'private' });
    const { body } = await (await on.app.signInNewUser()).get('/profile/api-keys');
    assert.ok(!body.includes(secret.slice(0, 16)) && !body.includes('private'));
  });

  test("times are shown in the user's time zone", async () => {
    const visitor = await on.app.signInNewUser();
    const { id } = await visitor.createKey();
    await on.db
      .updateTable('users')
      .set({ time_zone: 'Asia/Kathmandu' })
      .where('username', '=', visitor.username)
      .execute();
    await on.db
      .updateTable('api_keys')
      .set({ created_at: new Date('2014-02-13T07:42:00Z') })
      .where('id', '=', Number(id))
      .execute();
    const { body } = await visitor.get('/profile/api-keys');
    assert.match(body, /<time datetime="2014-02-13T07:42:00\.000Z">2014-02-13 13:27<\/time>/);
  });

  test('creating a key writes its event in the same transaction', async () => {
    const visitor = await on.app.signInNewUser();
    const { id } = await visitor.createKey();
    const [event] = await on.db
      .selectFrom('events')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(1)
      .execute();
    assert.equal(event?.kind, 'key made');
    assert.equal(event?.key_id, Number(id));
    assert.equal(event?.ip, '127.0.0.1');

    await on.db.schema.alterTable('events').renameTo('events_away').execute();
    const before = await countRows();
    assert.equal((await visitor.postKey()).status, 500);
    assert.equal(await countRows(), before);
    await on.db.schema.alterTable('events_away').renameTo('events').execute();
  });

  test('an invalid request id is refused', async () => {
    const visitor = await on.app.signInNewUser();
    for (const request_id of ['', 'x', `${randomUUID()}0`]) {
      assert.equal((await visitor.postKey({ request_id })).status, 400);
    }
  });
});
