import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { isWellFormed } from '../../../../api-keys/secret.ts';
import { describeApp } from '../../../../testing/describe-app.ts';
import type { Answer, Visitor } from '../../../../testing/visitor.ts';

const TAB = '/profile/api-keys';

describeApp('/profile/api-keys/:id/rotate', (on) => {
  let ada: Visitor;
  before(async () => {
    ada = await on.app.signInNewUser();
  });

  async function newKey(fields: { label?: string; expires?: string } = {}) {
    const { id, secret } = await ada.createKey(fields);
    return keyOf(Number(id), secret);
  }

  function keyOf(id: number, secret: string) {
    return { id, secret, path: `${TAB}/${id}`, prefix: secret.slice(0, 16) };
  }

  async function rotate(path: string, fields: Record<string, string> = {}) {
    await ada.get(path);
    const form = { new_expires: 'never', overlap: '24', request_id: ada.requestId };
    return ada.post(`${path}/rotate`, { ...form, ...fields });
  }

  /** The key that an answer shows; the page is its own. */
  function shownKey({ body }: Answer) {
    const secret = /data-secret>([0-9A-Za-z]{64})</.exec(body)?.[1] ?? '';
    const id = /api-keys\/(\d+)\/remove/.exec(body)?.[1];
    assert.ok(isWellFormed(secret) && id, body);
    return keyOf(Number(id), secret);
  }

  function find(id: number) {
    return on.db
      .selectFrom('api_keys')
      .select(['label', 'note', 'replaces_id', 'overlap_hours', 'removed_at', 'expires_at'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
  }

  const countKeys = async () => (await on.db.selectFrom('api_keys').select('id').execute()).length;

  const use = (id: number) =>
    sql`update api_keys set last_used_at = now() where id = ${id}`.execute(on.db);

  test('creates a key of the same label and note, shown once like any new key', async () => {
    const old = await newKey({ label: 'build', expires: '6-months' });
    const edit = { label: 'build', note: 'why', expires: 'keep' };
    await ada.post(old.path, edit);
    const answer = await rotate(old.path, { new_expires: 'same' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.match(answer.body, /<title>API key created · build · API Keys · My Profile/);
    assert.match(
      answer.body,
      /<li>The first call with this key, also a trial, starts the 24 hours\.<\/li>/,
    );
    const key = shownKey(answer);
    assert.match(answer.body, new RegExp(`Replaces <a href="${old.path}">${old.prefix}…</a>`));
    const { label, note, replaces_id, overlap_hours } = await find(key.id);
    assert.deepEqual({ label, note }, { label: 'build', note: 'why' });
    assert.deepEqual({ replaces_id, overlap_hours }, { replaces_id: old.id, overlap_hours: 24 });
    for (const path of [TAB, key.path, old.path]) {
      assert.ok(!(await ada.get(path)).body.includes(key.secret), path);
    }
    const { body } = await ada.get(old.path);
    assert.match(
      body,
      new RegExp(`Not replaced yet: <a href="${key.path}">the new key</a> has not been used\\.`),
    );
  });

  test('Expires is preset to the same length of life, and the overlap to 24 hours', async () => {
    const dated = await ada.get((await newKey({ expires: '6-months' })).path);
    assert.match(dated.body, /<option value="same" selected>As long as this key: 6 months</);
    assert.match(dated.body, /<option value="24" selected>24 hours</);
    const timeless = await ada.get((await newKey()).path);
    assert.ok(!timeless.body.includes('value="same"'));
    assert.match(timeless.body, /<select id="new-expires"[^>]*>\s*<option value="never" selected>/);
  });

  const overlaps: [string, string][] = [
    ['0', 'The old key has been removed.'],
    ['1', 'The first call with this key, also a trial, starts the hour.'],
    ['168', 'The first call with this key, also a trial, starts the 7 days.'],
    ['until-removed', 'The old key works until you remove it.'],
  ];
  for (const [overlap, note] of overlaps) {
    test(`with the overlap ${overlap} the message says: ${note}`, async () => {
      const old = await newKey();
      const answer = await rotate(old.path, { overlap });
      shownKey(answer);
      assert.ok(answer.body.includes(`<li>${note}</li>`));
      assert.equal((await find(old.id)).removed_at !== null, overlap === '0');
    });
  }

  test('a request repeated many times at once creates one key, shown once', async () => {
    const { path } = await newKey();
    await ada.get(path);
    const fields = { new_expires: '1-week', overlap: '1', request_id: ada.requestId };
    const before = await countKeys();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ada.post(`${path}/rotate`, fields)),
    );
    assert.equal(answers.filter(({ body }) => body.includes('data-secret')).length, 1);
    assert.equal(await countKeys(), before + 1);
    const again = answers.find(({ status }) => status !== 200);
    assert.equal(again?.status, 303);
    assert.equal(again?.location, `${path}/rotate?new_expires=1-week&overlap=1`);
    const { body } = await ada.get(again?.location ?? '');
    assert.match(body, /That key was already created\. Its full value cannot be shown again\./);
    assert.match(body, /<option value="1-week" selected>[\s\S]*<option value="1" selected>/);
    assert.notEqual(ada.requestId, fields.request_id);
  });

  test('another rotation before the first use removes the new key and creates another one', async () => {
    const old = await newKey();
    const first = shownKey(await rotate(old.path));
    assert.ok(
      (await ada.get(old.path)).body.includes(`Removes the new key ${first.prefix}…, which`),
    );
    const second = shownKey(await rotate(old.path));
    assert.ok((await find(first.id)).removed_at);
    const { body } = await ada.get(second.path);
    assert.match(
      body,
      /Removes this key, which has not been used, and creates another one in its place\./,
    );
    assert.match(body, /The first call with this key, also a trial, starts the 24 hours\./);
    const third = shownKey(await rotate(second.path));
    assert.ok((await find(second.id)).removed_at);
    assert.equal((await find(third.id)).replaces_id, old.id);
  });

  test('a key whose new key is in use is refused, with a link to it', async () => {
    const old = await newKey();
    const key = shownKey(await rotate(old.path));
    await ada.get(old.path);
    const form = { new_expires: 'never', overlap: '24', request_id: ada.requestId };
    await use(key.id);
    const before = await countKeys();
    const { status, body } = await ada.post(`${old.path}/rotate`, form);
    assert.equal(status, 422);
    assert.match(
      body,
      new RegExp(
        `in use\\. <a href="${key.path}">${key.prefix}…</a></li>[\\s\\S]*in use\\. <a href="${key.path}">`,
      ),
    );
    assert.ok(!body.includes('name="new_expires"'));
    assert.equal(await countKeys(), before);
  });

  test('an expired key and a removed one are refused, with a sentence', async () => {
    const expired = await newKey({ label: 'old one', expires: '1-hour' });
    await sql`update api_keys set expires_at = now() where id = ${expired.id}`.execute(on.db);
    const removed = await newKey();
    await ada.post(`${removed.path}/remove`);
    const before = await countKeys();
    const first = await rotate(expired.path);
    assert.equal(first.status, 422);
    assert.match(
      first.body,
      /The key has expired\. <a href="\/profile\/api-keys\?label=old\+one&amp;expires=1-hour">/,
    );
    for (const choices of [{}, { new_expires: 'bad' }]) {
      const second = await rotate(removed.path, choices);
      assert.equal(second.status, 422);
      assert.match(second.body, /The key was removed\./);
      assert.doesNotMatch(second.body, /Choose when/);
    }
    assert.equal(await countKeys(), before);
  });

  test('a wrong choice has its message at the field, and the other choice stays', async () => {
    const { path } = await newKey();
    const before = await countKeys();
    const expiry = await rotate(path, { new_expires: '2-years', overlap: '168' });
    assert.equal(expiry.status, 422);
    assert.match(expiry.body, /id="new-expires-problem">Choose when the new key expires\./);
    assert.match(expiry.body, /<option value="168" selected>/);
    const overlap = await rotate(path, { new_expires: '1-week', overlap: '2' });
    assert.equal(overlap.status, 422);
    assert.match(overlap.body, /id="overlap-problem">Choose how long the old key keeps working\./);
    assert.match(overlap.body, /<option value="1-week" selected>/);
    assert.equal((await rotate(path, { request_id: 'x' })).status, 400);
    assert.equal(await countKeys(), before);
  });

  test("another user's key is not rotated", async () => {
    const { path } = await newKey();
    const bob = await on.app.signInNewUser();
    const { id } = await bob.createKey();
    await bob.get(`${TAB}/${id}`);
    const before = await countKeys();
    const form = { new_expires: 'never', overlap: '24', request_id: bob.requestId };
    assert.equal((await bob.post(`${path}/rotate`, form)).status, 404);
    assert.equal(await countKeys(), before);
  });

  test('the rows of both keys say how they belong together', async () => {
    const old = await newKey();
    const key = shownKey(await rotate(old.path));
    const waiting = await ada.get(TAB);
    assert.match(
      waiting.body,
      new RegExp(`Not replaced yet: <a href="${key.path}">the new key</a> has not been used\\.`),
    );
    assert.match(
      waiting.body,
      new RegExp(`Replaces <a href="${old.path}">${old.prefix}…</a>, never used\\.`),
    );
    await ada.post(`${key.path}/remove`);
    for (const page of [TAB, old.path]) {
      assert.match((await ada.get(page)).body, /the new key<\/a> has not been used\./);
    }
    assert.match((await ada.get(old.path)).body, /Creates a new key with the same label/);
    await ada.post(`${TAB}/undo`, { [`key-${key.id}`]: 'on' });
    await use(key.id);
    await sql`update api_keys set replaced_at = now(), expires_at = '2030-01-02 03:04Z'
      where id = ${old.id}`.execute(on.db);
    const { body } = await ada.get(TAB);
    for (const start of [
      `Replaced by <a href="${key.path}">${key.prefix}…</a>`,
      `Replaces <a href="${old.path}">${old.prefix}…</a>`,
    ]) {
      assert.ok(body.includes(`${start}: ends 2030-01-02 03:04.`), start);
    }
  });
});
