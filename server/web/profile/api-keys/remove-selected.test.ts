import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../../testing/describe-app.ts';
import { addManyKeys } from '../../../testing/keys.ts';
import type { Visitor } from '../../../testing/visitor.ts';

const TAB = '/profile/api-keys';
const PAGE = `${TAB}/remove-selected`;

describeApp('/profile/api-keys/remove-selected', (on) => {
  let ada: Visitor;
  let ids: string[];
  let foreign: string;
  before(async () => {
    ada = await on.app.signInNewUser();
    await addManyKeys(on.db, ada.username, 60);
    const { body } = await ada.get(TAB);
    ids = [...body.matchAll(/name="key-(\d+)"/g)].map(([, id]) => id ?? '');
    foreign = (await (await on.app.signInNewUser()).createKey()).id;
  });

  const fields = (selected: string[]) =>
    Object.fromEntries(selected.map((id) => [`key-${id}`, 'on']));
  const ask = (selected: string[]) => ada.get(`${PAGE}?${new URLSearchParams(fields(selected))}`);
  const remove = (selected: string[], query = '') => ada.post(`${PAGE}${query}`, fields(selected));
  const countActive = async () =>
    (await on.db.selectFrom('api_keys').select('id').where('removed_at', 'is', null).execute())
      .length;

  test('asks one question that names the keys, and removes nothing yet', async () => {
    const before = await countActive();
    const { status, body } = await ask(ids.slice(0, 3));
    assert.equal(status, 200);
    assert.match(body, /Are you sure you want to remove these 3 API keys\?/);
    for (const label of ['host 001', 'host 002', 'host 003']) assert.ok(body.includes(label));
    assert.match(body, /Never used/);
    assert.equal(await countActive(), before);
  });

  test('removes them, says so, and each is an event', async () => {
    const before = await countActive();
    const answer = await remove(ids.slice(0, 3), '?sort=-label');
    assert.equal(answer.status, 303);
    assert.equal(answer.location, `${TAB}?sort=-label`);
    assert.match((await ada.get(TAB)).body, /The keys have now been removed: <bdi>/);
    assert.equal(await countActive(), before - 3);
    const events = await on.db
      .selectFrom('events')
      .select('key_id')
      .where('kind', '=', 'key removed')
      .orderBy('id')
      .execute();
    assert.deepEqual(
      events.map((event) => String(event.key_id)),
      ids.slice(0, 3),
    );
  });

  test('keys that were already removed are left out', async () => {
    const before = await countActive();
    assert.match((await ask(ids.slice(2, 5))).body, /remove these 2 API keys\?/);
    assert.match((await ask(ids.slice(2, 4))).body, /remove this API key\?/);
    assert.equal((await remove(ids.slice(2, 5))).status, 303);
    assert.equal(await countActive(), before - 2);
    assert.equal((await ask(ids.slice(0, 5))).location, TAB);
    assert.equal((await remove(ids.slice(0, 5))).location, TAB);
    assert.match((await ada.get(TAB)).body, /Nothing was done: 5 were already removed\.</);
  });

  test("with another user's key among them it is 404, and nothing is done", async () => {
    const before = await countActive();
    for (const id of [foreign, '999999']) {
      assert.equal((await ask([ids[10] ?? '', id])).status, 404);
      assert.equal((await remove([ids[10] ?? '', id])).status, 404);
    }
    assert.equal(await countActive(), before);
  });

  test('without a selection nothing is done, and the page says so', async () => {
    for (const send of [ask, remove]) {
      assert.equal((await send([])).location, TAB);
      assert.match((await ada.get(TAB)).body, /Nothing was done: select the keys first\./);
    }
  });

  test('more keys than a page has, an invalid id and an unknown field are 400', async () => {
    const before = await countActive();
    const many = Array.from({ length: 26 }, (_, n) => String(n + 1));
    for (const selected of [many, ['0'], ['x'], ['1e3'], ['9999999999999999999']]) {
      assert.equal((await ask(selected)).status, 400);
      assert.equal((await remove(selected)).status, 400);
    }
    assert.equal((await ada.post(PAGE, { label: 'x' })).status, 400);
    assert.equal(await countActive(), before);
  });

  test('two removals of the same keys at once remove each once', async () => {
    const selected = ids.slice(12, 20);
    const before = await countActive();
    const answers = await Promise.all([remove(selected), remove(selected.toReversed())]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [303, 303],
    );
    assert.equal(await countActive(), before - selected.length);
  });

  test('as leaked, none of them can be restored', async () => {
    const selected = ids.slice(23, 25);
    const { body: question } = await ada.get(
      `${PAGE}?${new URLSearchParams({ ...fields(selected), leaked: 'on' })}`,
    );
    assert.match(question, /name="leaked"[^>]* checked>/);
    await ada.post(PAGE, { ...fields(selected), leaked: 'on' });
    const { body } = await ada.get(TAB);
    assert.match(body, /The keys have now been removed as leaked: <bdi>/);
    assert.doesNotMatch(body, /data-busy="Undoing…">Undo<\/button>\s*<\/form>\s*<\/div>/);
    const undone = await ada.post(`${TAB}/undo`, fields(selected));
    assert.equal(undone.status, 422);
    assert.match(undone.body, /Nothing was done: 2 may have leaked\./);
  });

  test('the question says of each key what may break', async () => {
    const [used = '', never = ''] = ids.slice(8, 10);
    await sql`update api_keys set last_used_at = now() where id = ${Number(used)}`.execute(on.db);
    const { body } = await ask([used, never]);
    assert.equal(body.match(/This key is in use: what uses it will stop working\./g)?.length, 1);
  });

  test('a selection survives a session that has to authenticate again', async () => {
    const stale = await on.app.signIn(ada.username, { authenticate: false });
    const { location } = await stale.post(PAGE, fields(ids.slice(20, 22)));
    const next = new URL(location ?? '', on.app.origin).searchParams.get('next') ?? '';
    assert.match(
      (await ada.get(next)).body,
      /remove these 2 API keys\?[\s\S]*host 021[\s\S]*host 022/,
    );
  });
});
