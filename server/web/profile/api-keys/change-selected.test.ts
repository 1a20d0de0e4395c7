import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../../testing/describe-app.ts';
import type { Visitor } from '../../../testing/visitor.ts';

const TAB = '/profile/api-keys';

describeApp('several keys at once', (on) => {
  let ada: Visitor;
  let keys: { id: string; secret: string; prefix: string }[];
  beforeEach(async () => {
    ada = await on.app.signInNewUser();
    keys = [];
    for (const label of ['one', 'two', 'three']) {
      const { id, secret } = await ada.createKey({ label });
      keys.push({ id, secret, prefix: secret.slice(0, 16) });
    }
  });

  const ids = () => keys.map(({ id }) => id);
  const fields = (selected: string[]) =>
    Object.fromEntries(selected.map((id) => [`key-${id}`, 'on']));
  const post = (action: string, selected: string[], query = '') =>
    ada.post(`${TAB}/${action}${query}`, fields(selected));
  const change = (id: string | undefined, to: string) =>
    sql`update api_keys set ${sql.raw(to)} where id = ${Number(id)}`.execute(on.db);

  /** The page's place for messages, as a text. */
  async function message(): Promise<string> {
    return messageIn((await ada.get(TAB)).body);
  }

  function messageIn(body: string): string {
    const html = /<div class="message[^>]*role="status"[\s\S]*?<\/li>/.exec(body)?.[0] ?? '';
    return html
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  }

  /** Why checks refuse the keys; empty for those that pass. */
  async function reasons(): Promise<string[]> {
    return Promise.all(
      keys.map(async ({ secret }) => {
        const headers = { 'x-api-key': secret };
        const answer = await fetch(`${on.app.origin}/auth/verify`, { headers });
        return answer.headers.get('x-auth-reason') ?? 'none';
      }),
    );
  }

  async function events(): Promise<string[]> {
    const rows = await on.db
      .selectFrom('events')
      .select('kind')
      .where('key_id', 'in', ids().map(Number))
      .where('kind', '<>', 'key made')
      .orderBy('id')
      .execute();
    return rows.map(({ kind }) => kind);
  }

  test('are paused and resumed, after a question, and the answer leads back to the page of the list', async () => {
    const query = new URLSearchParams({ ...fields(ids()), sort: '-label' });
    const { body } = await ada.get(`${TAB}/pause-selected?${query}`);
    assert.match(body, /Pause these 3 API keys\?/);
    assert.match(body, /action="\/profile\/api-keys\/pause-selected\?sort=-label" method="post"/);
    assert.deepEqual(await events(), []);
    const paused = await post('pause-selected', ids(), '?sort=-label');
    assert.equal(paused.status, 303);
    assert.equal(paused.location, `${TAB}?sort=-label`);
    assert.match(
      await message(),
      /^The keys are now paused, until you resume them: one lmk\w+…, two /,
    );
    assert.deepEqual(await reasons(), ['paused', 'paused', 'paused']);
    await post('resume-selected', ids());
    assert.match(await message(), /^The keys have been resumed: one lmk\w+…, two /);
    assert.deepEqual(await reasons(), ['', '', '']);
    const expected = [...Array(3).fill('key paused'), ...Array(3).fill('key resumed')];
    assert.deepEqual(await events(), expected);
  });

  test('those that already were as asked are counted in the notice', async () => {
    const [first = '', second = ''] = ids();
    await post('pause-selected', [first]);
    assert.match(await message(), /^The key is now paused: one lmk\w+…$/);
    await post('pause-selected', ids());
    assert.match(await message(), /three lmk\w+…\. 1 was already paused\.$/);
    await post('resume-selected', [second]);
    await post('resume-selected', ids());
    assert.match(await message(), /^The keys have been resumed: one .*\. 1 was not paused\.$/);
    assert.equal((await post('resume-selected', ids())).status, 303);
    assert.equal(await message(), 'Nothing was done: 3 were not paused.');
    await post('resume-selected', [first]);
    assert.match(await message(), /^The key is not paused: one lmk\w+…$/);
  });

  test('those that have ended are refused with 422 and the reason, and are no event', async () => {
    const [expired = '', removed = '', active = ''] = ids();
    await change(expired, 'expires_at = now()');
    await ada.post(`${TAB}/${removed}/remove`);
    const before = await events();
    for (const action of ['pause-selected', 'resume-selected']) {
      const one = await post(action, [expired]);
      assert.equal(one.status, 422);
      assert.equal(messageIn(one.body), 'The key has expired.');
      const two = await post(action, [expired, removed]);
      assert.equal(two.status, 422);
      assert.equal(messageIn(two.body), 'Nothing was done: 1 has expired, 1 was removed.');
    }
    assert.deepEqual(await events(), before);
    await post('pause-selected', [expired, removed, active]);
    assert.match(await message(), /three lmk\w+…\. 1 has expired, 1 was removed\.$/);
  });

  test("another user's key, or an unknown one, is 404 and nothing is done", async () => {
    const other = await on.app.signInNewUser();
    const { id: foreign } = await other.createKey();
    const before = await events();
    for (const action of ['pause-selected', 'resume-selected', 'undo']) {
      for (const id of [foreign, '999999']) {
        assert.equal((await post(action, [...ids(), id])).status, 404);
        const query = new URLSearchParams(fields([...ids(), id]));
        assert.equal((await ada.get(`${TAB}/${action}?${query}`)).status, 404);
      }
    }
    assert.deepEqual(await events(), before);
  });

  test('without a selection nothing is done, and an unknown field is 400', async () => {
    for (const action of ['pause-selected', 'resume-selected', 'undo']) {
      assert.equal((await post(action, [])).location, TAB);
      assert.equal(await message(), 'Nothing was done: select the keys first.');
      assert.equal((await post(action, ['x'])).status, 400);
      assert.equal((await ada.post(`${TAB}/${action}`, { leaked: 'on' })).status, 400);
    }
  });

  test('one Undo in the message restores all that were removed together', async () => {
    await ada.post(`${TAB}/remove-selected`, fields(ids()));
    assert.deepEqual(await reasons(), ['removed', 'removed', 'removed']);
    const { body } = await ada.get(TAB);
    const form = /id="message"[\s\S]*?<form action="([^"]+)" method="post">([\s\S]*?)<\/form>/.exec(
      body,
    );
    const names = [...(form?.[2] ?? '').matchAll(/name="(key-\d+)"/g)].map(
      ([, name]) => name ?? '',
    );
    assert.deepEqual(names, Object.keys(fields(ids())));
    assert.equal(form?.[1], `${TAB}/undo`);
    const undone = await ada.post(`${TAB}/undo`, fields(ids()));
    assert.equal(undone.location, TAB);
    assert.match(
      await message(),
      /^The removals have been undone: one lmk\w+…, two lmk\w+…, three /,
    );
    assert.deepEqual(await reasons(), ['', '', '']);
    const expected = [...Array(3).fill('key removed'), ...Array(3).fill('key restored')];
    assert.deepEqual(await events(), expected);
    assert.doesNotMatch((await ada.get(TAB)).body, />Undo</);
  });

  test('a restored key may be paused or have expired, and the message says so', async () => {
    const [active = '', paused = '', expired = ''] = ids();
    await change(paused, `paused_until = 'infinity'`);
    await ada.post(`${TAB}/remove-selected`, fields(ids()));
    await change(expired, 'expires_at = now()');
    await post('undo', [active, paused, expired]);
    assert.match(
      await message(),
      /one lmk\w+…, two lmk\w+… \(is paused\), three lmk\w+… \(has expired\)$/,
    );
    assert.deepEqual(await reasons(), ['', 'paused', 'expired']);
  });

  test('an Undo that comes too late, or twice, says so', async () => {
    const [first = '', second = ''] = ids();
    await post('undo', [first]);
    assert.match(await message(), /^The key was not removed: one lmk\w+…$/);
    await ada.post(`${TAB}/${first}/remove`);
    await ada.post(`${TAB}/${second}/remove`, { leaked: 'on' });
    await change(first, `removed_at = now() - interval '59 minutes 50 seconds'`);
    assert.ok(ended((await ada.get(TAB)).body).includes(`name="key-${first}"`));
    await change(first, `removed_at = now() - interval '60 minutes'`);
    assert.ok(!ended((await ada.get(TAB)).body).includes('>Undo<'));
    const late = await post('undo', [first]);
    assert.equal(late.status, 422);
    assert.equal(messageIn(late.body), 'A removal can be undone only for 60 minutes.');
    const leaked = await post('undo', [second]);
    assert.equal(leaked.status, 422);
    assert.match(
      messageIn(leaked.body),
      /^The key may have leaked, so its removal cannot be undone\.$/,
    );
    assert.deepEqual((await reasons()).slice(0, 2), ['removed', 'removed']);
  });

  test('a key that removed itself says from where, and can be restored', async () => {
    const [key] = keys;
    const headers = { 'x-api-key': key?.secret ?? '' };
    await fetch(`${on.app.origin}/api/key`, { method: 'DELETE', headers });
    const section = ended((await ada.get(TAB)).body);
    assert.match(section, /Removed less than a minute ago by the key itself, from 127\.0\.0\.1\./);
    assert.ok(section.includes(`name="key-${key?.id}"`));
    await post('undo', [key?.id ?? '']);
    assert.deepEqual(await reasons(), ['', '', '']);
  });

  function ended(body: string): string {
    return /<h2>Expired and removed keys<[\s\S]*?<\/details>/.exec(body)?.[0] ?? '';
  }
});
