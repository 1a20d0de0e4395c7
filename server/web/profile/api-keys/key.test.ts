import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../../testing/describe-app.ts';
import type { Visitor } from '../../../testing/visitor.ts';

const TAB = '/profile/api-keys';

describeApp('/profile/api-keys/:id', (on) => {
  let ada: Visitor;
  before(async () => {
    ada = await on.app.signInNewUser();
  });

  async function newKey(fields: { label?: string; expires?: string } = {}) {
    const { id, secret } = await ada.createKey(fields);
    return { id: Number(id), path: `${TAB}/${id}`, prefix: secret.slice(0, 16) };
  }

  const unchanged = { label: '', note: '', expires: 'keep', expires_date: '', expires_time: '' };

  function find(id: number) {
    return on.db
      .selectFrom('api_keys')
      .select(['label', 'note', 'expires_at'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
  }

  test('shows what is known of the key, and its addresses with times', async () => {
    const { id, path, prefix } = await newKey({ label: 'laptop', expires: '1-week' });
    await sql`insert into key_addresses (key_id, network)
      values (${id}, '2001:db8::/64'), (${id}, '203.0.113.4/32')`.execute(on.db);
    await sql`update api_keys set last_used_at = now() - interval '2 hours', last_used_ip = '203.0.113.4',
      last_used_agent = 'curl/8.5.0' where id = ${id}`.execute(on.db);
    const { status, body } = await ada.get(path);
    assert.equal(status, 200);
    assert.match(body, /<title>laptop · API Keys · My Profile · Linode Manager<\/title>/);
    assert.match(body, /<h1><bdi>laptop<\/bdi><\/h1>/);
    assert.ok(body.includes(`<dd>${prefix}… `));
    assert.match(body, /<dt>State<\/dt><dd>Active\.<\/dd>/);
    assert.match(body, /<dt>Created<\/dt><dd>Right Now! by 127\.0\.0\.1 via Linode Manager/);
    assert.match(body, /<dt>Expires<\/dt><dd>6 days /);
    assert.match(body, /2 hours ago from 203\.0\.113\.4 with curl 8\.5.*\(accurate to a minute\)/);
    assert.match(body, /<li>2001:db8::\/64 <small><time datetime=/);
    assert.match(body, /<li>203\.0\.113\.4 <small><time datetime=/);
    assert.match(body, /accurate to 10 minutes/);
    assert.match(body, new RegExp(`Created key ${prefix}…`));
    assert.match(body, new RegExp(`href="/profile/activity\\?key=${id}">All activity of this key`));
    assert.match(body, new RegExp(`href="${path}/remove"`));
  });

  test('Edit changes label, note and expiry, says so once, and is an event', async () => {
    const { id, path } = await newKey({ label: 'old' });
    await ada.get(path);
    const fields = { label: ' new ', note: 'one\r\ntwo', expires: '1-hour' };
    const answer = await ada.post(path, { ...unchanged, ...fields });
    assert.equal(answer.status, 303);
    assert.equal(answer.location, path);
    const { body } = await ada.get(path);
    assert.match(body, /The key has been changed\./);
    assert.match(body, /name="label" value="new"/);
    assert.match(body, /\none\ntwo<\/textarea>/);
    assert.match(body, /59 minutes/);
    assert.ok(!(await ada.get(path)).body.includes('has been changed'));
    const events = await on.db
      .selectFrom('events')
      .select('kind')
      .where('key_id', '=', id)
      .orderBy('id')
      .execute();
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['key made', 'key edited'],
    );
  });

  test("On a date… is in the user's time zone, and Keep and Never do as they say", async () => {
    const { id, path } = await newKey();
    await on.db
      .updateTable('users')
      .set({ time_zone: 'Asia/Kathmandu' })
      .where('username', '=', ada.username)
      .execute();
    const date = { expires: 'date', expires_date: '2030-01-02', expires_time: '03:04' };
    await ada.post(path, { ...unchanged, ...date });
    const expected = new Date('2030-01-01T21:19:00Z');
    assert.deepEqual((await find(id)).expires_at, expected);
    const { body } = await ada.get(path);
    assert.match(body, /<option value="keep" selected>Keep: 2030-01-02 03:04</);
    assert.match(body, /type="date" name="expires_date" value="2030-01-02"/);
    assert.match(body, /type="time" name="expires_time" value="03:04"/);
    await ada.post(path, { ...unchanged, label: 'kept' });
    assert.deepEqual(await find(id), { label: 'kept', note: '', expires_at: expected });
    await ada.post(path, { ...unchanged, expires: 'never' });
    assert.equal((await find(id)).expires_at, null);
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['a label that is too long', { label: 'W'.repeat(129) }, /id="label-problem">A label has at/],
    ['a note that is too long', { note: 'W'.repeat(501) }, /id="note-problem">A note has at most/],
    ['an unknown choice', { expires: '2-years' }, /id="expires-problem">Choose when the key/],
    ['no date', { expires: 'date', expires_date: '' }, /id="expires-date-problem">Enter a date/],
    ['no time', { expires: 'date', expires_time: '' }, /id="expires-time-problem">Enter a time/],
    [
      'a date in the past',
      { expires: 'date', expires_date: '2014-02-13' },
      /id="expires-date-problem">Choose a time in the future\./,
    ],
    [
      'a date too far away',
      { expires: 'date', expires_date: '2999-12-31' },
      /id="expires-date-problem">Choose a time within the next 10 years\./,
    ],
  ];
  for (const [what, fields, problem] of wrong) {
    test(`${what} has its message at the field, what was typed stays, and nothing changes`, async () => {
      const { id, path } = await newKey({ label: 'old' });
      const before = await find(id);
      const typed = { label: '"><b>', note: 'a </textarea> note', expires: '1-week' };
      const times = { expires_date: '2030-01-02', expires_time: '03:04' };
      const sent = { ...typed, ...times, ...fields };
      const { status, body } = await ada.post(path, sent);
      assert.equal(status, 422);
      assert.match(body, /<title>Error: /);
      assert.match(body, problem);
      const escaped = (text: string) =>
        text.replaceAll('>', '&gt;').replaceAll('<', '&lt;').replaceAll('"', '&#34;');
      assert.ok(body.includes(`name="label" value="${escaped(sent.label)}"`));
      assert.ok(body.includes(`\n${escaped(sent.note)}</textarea>`));
      assert.ok(body.includes(`name="expires_date" value="${sent.expires_date}"`));
      assert.ok(body.includes(`name="expires_time" value="${sent.expires_time}"`));
      if (what !== 'an unknown choice') {
        assert.ok(body.includes(`<option value="${sent.expires}" selected>`));
      }
      assert.deepEqual(await find(id), before);
    });
  }

  test('an expired key has no forms, its Edit is refused, and a form for one like it is linked', async () => {
    const { id, path } = await newKey({ label: 'a&b', expires: '3-months' });
    await ada.post(path, { ...unchanged, label: 'a&b', note: 'kept' });
    await sql`update api_keys set created_at = created_at - interval '100 days',
      expires_at = expires_at - interval '100 days' where id = ${id}`.execute(on.db);
    const { body } = await ada.get(path);
    assert.match(body, /<dt>State<\/dt><dd>Expired \d+ days ago\./);
    assert.match(body, /<dd class="lines">kept<\/dd>/);
    assert.match(body, /href="\/profile\/api-keys\?label=a%26b&amp;expires=3-months"/);
    assert.ok(!body.includes('name="note"') && !body.includes('Pause for'));
    const { status, body: refused } = await ada.post(path, unchanged);
    assert.equal(status, 422);
    assert.match(refused, /The key has expired\. <a href="\/profile\/api-keys\?label=a%26b/);
  });

  test('a removed key has no forms, and says when and by whom it was removed', async () => {
    const { path } = await newKey({ label: 'gone' });
    await ada.post(`${path}/remove`);
    const { status, body } = await ada.get(path);
    assert.equal(status, 200);
    assert.match(body, /<dt>State<\/dt><dd>Removed less than a minute ago by you\./);
    assert.ok(!body.includes('name="note"') && !body.includes(`${path}/remove`));
    for (const expires of ['keep', 'bad']) {
      const refused = await ada.post(path, { ...unchanged, expires });
      assert.equal(refused.status, 422);
      assert.match(refused.body, /The key was removed\./);
      assert.doesNotMatch(refused.body, /Choose when/);
    }
  });

  test('a removed key has Undo for as long as that is possible', async () => {
    const { id, path } = await newKey();
    await ada.post(`${path}/remove`);
    const undo = new RegExp(`action="${TAB}/undo"[^]*name="key-${id}"[^]*>Undo<[^]*until <time`);
    assert.match((await ada.get(path)).body, undo);
    await sql`update api_keys set removed_at = now() - interval '1 hour' where id = ${id}`.execute(
      on.db,
    );
    assert.doesNotMatch((await ada.get(path)).body, />Undo</);
  });

  test('a key that removed itself says from where', async () => {
    const { secret, id } = await ada.createKey();
    const headers = { 'x-api-key': secret };
    await fetch(`${on.app.origin}/api/key`, { method: 'DELETE', headers });
    const { body } = await ada.get(`${TAB}/${id}`);
    assert.match(body, /Removed less than a minute ago by the key itself, from 127\.0\.0\.1\./);
  });

  test('its texts are escaped, and hidden characters are shown', async () => {
    const { path } = await newKey({ label: '<img src=x>\u202E' });
    const { body } = await ada.get(path);
    assert.ok(!body.includes('<img'));
    assert.match(body, /<h1><bdi>&lt;img src=x&gt;\[U\+202E\]<\/bdi><\/h1>/);
  });

  test("another user's key, an unknown one and no id at all are the same 404", async () => {
    const { path } = await newKey();
    const bob = await on.app.signInNewUser();
    for (const other of [path, `${TAB}/999999`, `${TAB}/abc`, `${TAB}/0`]) {
      for (const action of ['', '/rotate', '/pause', '/resume']) {
        assert.equal((await bob.get(other + action)).status, 404, other + action);
        assert.equal((await bob.post(other + action)).status, 404, other + action);
      }
    }
  });

  test('the list leads to each page', async () => {
    const { path } = await newKey();
    assert.match((await ada.get(TAB)).body, new RegExp(`href="${path}" [^>]*>Edit</a>`));
  });
});
