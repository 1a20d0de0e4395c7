import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../../testing/describe-app.ts';
import { addUser } from '../../../testing/users.ts';
import type { Visitor } from '../../../testing/visitor.ts';

const TAB = '/profile/api-keys';

describeApp('/profile/api-keys/:id/remove', (on) => {
  let ada: Visitor;
  let bob: Visitor;
  before(async () => {
    await addUser(on.db, 'ada');
    await addUser(on.db, 'bob');
    ada = await on.app.signIn('ada');
    bob = await on.app.signIn('bob');
  });

  async function newKey(label = '') {
    const { id, secret } = await ada.createKey({ label });
    return { id, path: `${TAB}/${id}/remove`, prefix: secret.slice(0, 16) };
  }

  const change = (id: string, to: string) =>
    sql`update api_keys set ${sql.raw(to)} where id = ${Number(id)}`.execute(on.db);

  test('asks first, and names the key and the consequences', async () => {
    const { path, prefix } = await newKey('laptop');
    const { status, body } = await ada.get(path);
    assert.equal(status, 200);
    assert.match(body, /Are you sure you want to remove this API key\?/);
    assert.match(
      body,
      /If you remove an in-use API key, your applications will break until you update them to use a new key\./,
    );
    assert.ok(
      body.includes('laptop') && body.includes(`${prefix}…`) && body.includes('Right Now!'),
    );
  });

  test('the last active key has an additional warning', async () => {
    const warning = 'This is your last key: the API will become inaccessible.';
    await addUser(on.db, 'carol');
    const carol = await on.app.signIn('carol');
    const first = await carol.createKey();
    assert.ok((await carol.get(`${TAB}/${first.id}/remove`)).body.includes(warning));
    await carol.createKey();
    assert.ok(!(await carol.get(`${TAB}/${first.id}/remove`)).body.includes(warning));
  });

  const inUse = /This key is in use: what uses it will stop working\./;
  test('a key that was used within 7 days has a warning, an older use is only a fact', async () => {
    const { id, path } = await newKey();
    assert.match((await ada.get(path)).body, /Never used\./);
    await change(
      id,
      `last_used_at = now() - interval '6 days 23 hours', last_used_ip = '10.0.0.1'`,
    );
    const { body } = await ada.get(path);
    assert.match(body, /Last used 6 days ago from 10\.0\.0\.1\./);
    assert.match(body, inUse);
    await change(id, `last_used_at = now() - interval '7 days 1 second'`);
    assert.doesNotMatch((await ada.get(path)).body, inUse);
  });

  test('a paused key that programs still try has a warning', async () => {
    const { id, path } = await newKey();
    await change(
      id,
      `paused_until = 'infinity', late_used_at = now(), late_used_ip = '10.0.0.12',
        late_used_agent = 'curl/8.5.0', late_use_count = 12`,
    );
    const tried =
      /It is paused\. Last tried less than a minute ago from 10\.0\.0\.12 \(curl 8\.5\), at least 12 times\./;
    assert.match((await ada.get(path)).body, tried);
    await change(id, 'paused_until = null');
    assert.doesNotMatch((await ada.get(path)).body, tried);
  });

  test('the question about a new key that is in use says when the old key ends', async () => {
    const old = await newKey();
    const { id, path } = await newKey();
    await change(id, `replaces_id = ${old.id}, overlap_hours = 24`);
    await change(old.id, `expires_at = now() + interval '23 hours 30 minutes'`);
    assert.ok(!(await ada.get(path)).body.includes(old.prefix));
    await change(id, 'last_used_at = now()');
    const ends = `The key that it has replaced, ${old.prefix}…, ends in 23 hours, at 20`;
    assert.ok((await ada.get(path)).body.includes(ends));
    await change(old.id, 'expires_at = null');
    const stays = `The key that it has replaced, ${old.prefix}…, does not end by itself.`;
    assert.ok((await ada.get(path)).body.includes(stays));
    await change(old.id, 'removed_at = now()');
    assert.ok(!(await ada.get(path)).body.includes('that it has replaced'));
  });

  test('a key that may have leaked is removed for good, and the page says so', async () => {
    const { id, path, prefix } = await newKey();
    assert.doesNotMatch((await ada.get(path)).body, /name="leaked"[^>]* checked>/);
    assert.match((await ada.get(`${path}?leaked=on`)).body, /name="leaked"[^>]* checked>/);
    await ada.post(path, { leaked: 'on' });
    const { body } = await ada.get(TAB);
    assert.match(body, new RegExp(`removed as leaked: <bdi>[^<]*</bdi> ${prefix}…`));
    assert.match(body, /Removed less than a minute ago by you\. Reported as leaked\./);
    assert.ok(!body.includes(`name="key-${id}"`));
    assert.match((await ada.post(path, { leaked: 'on' })).location ?? '', /api-keys$/);
    assert.match((await ada.get(TAB)).body, /The key was already reported as leaked: /);
  });

  test('removes, says so once, and is an event', async () => {
    const { path, prefix } = await newKey();
    await ada.get(path);
    const answer = await ada.post(path);
    assert.equal(answer.status, 303);
    assert.equal(answer.location, TAB);
    const { body } = await ada.get(TAB);
    assert.match(body, new RegExp(`The key has now been removed: <bdi>[^<]*</bdi> ${prefix}…`));
    assert.ok(!body.includes(`id="key-${path.split('/')[3]}"`));
    assert.ok(body.includes(`Removed key ${prefix}…`));
    assert.ok(!(await ada.get(TAB)).body.includes('has now been removed'));
    const [event] = await on.db
      .selectFrom('events')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(1)
      .execute();
    assert.equal(event?.kind, 'key removed');
    assert.equal(path, `${TAB}/${event?.key_id}/remove`);
  });

  test('a removed key can still be marked as leaked, and then not be restored', async () => {
    const { id, path } = await newKey();
    await ada.post(path);
    await ada.post(path, { leaked: 'on' });
    assert.match((await ada.get(TAB)).body, /The key has now been removed as leaked: /);
    assert.equal((await ada.post(`${TAB}/undo`, { [`key-${id}`]: 'on' })).status, 422);
    const events = await on.db
      .selectFrom('events')
      .select('kind')
      .where('key_id', '=', Number(id))
      .orderBy('id')
      .execute();
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['key made', 'key removed', 'key leaked'],
    );
  });

  test('an already removed key leads back to the tab, from the page and from the post', async () => {
    const { path } = await newKey();
    await ada.post(path);
    for (const again of [() => ada.get(path), () => ada.post(path)]) {
      const answer = await again();
      assert.equal(answer.status, 303);
      assert.equal(answer.location, TAB);
      assert.match((await ada.get(TAB)).body, /The key was already removed: /);
    }
  });

  test("another user's key, an unknown one and no id at all are the same 404", async () => {
    const { path, prefix } = await newKey();
    const ids = [
      '999999',
      'abc',
      '-1',
      '0',
      '1.5',
      '9999999999999999999999',
      '1%00',
      '1%20',
      '%C0',
      '%',
    ];
    const answers = [];
    for (const other of [path, ...ids.map((id) => `${TAB}/${id}/remove`)]) {
      for (const answer of [await bob.get(other), await bob.post(other)]) {
        assert.equal(answer.status, 404, other);
        answers.push(withoutToken(answer.body));
      }
    }
    assert.equal(new Set(answers).size, 1);
    assert.ok((await ada.get(TAB)).body.includes(prefix));
  });
});

function withoutToken(body: string): string {
  return body.replace(/name="_csrf" value="[^"]+"|data-locks-in="\d+"/g, '');
}
