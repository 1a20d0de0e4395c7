import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../../../../testing/describe-app.ts';
import type { Visitor } from '../../../../testing/visitor.ts';

const TAB = '/profile/api-keys';

describeApp('/profile/api-keys/:id/pause and /resume', (on) => {
  let ada: Visitor;
  before(async () => {
    ada = await on.app.signInNewUser();
  });

  async function newKey() {
    const { id } = await ada.createKey();
    return { id: Number(id), path: `${TAB}/${id}` };
  }

  /** How the key is paused: for how many minutes, forever, or not at all. */
  async function pauseOf(id: number) {
    const { rows } = await sql<{ pause: string | null }>`
      select case when paused_until = 'infinity' then 'forever'
        else round(extract(epoch from paused_until - now()) / 60)::text end as pause
      from api_keys where id = ${id}`.execute(on.db);
    return rows[0]?.pause;
  }

  test('Pause, Pause for 15 minutes and Resume do as they say, and the page says so once', async () => {
    const { id, path } = await newKey();
    const steps = [
      ['pause', {}, 'forever', 'The key is now paused', 'Paused until you resume it.'],
      ['pause', { minutes: '15' }, '15', 'The key is now paused', 'Paused until 2'],
      ['resume', {}, null, 'The key has been resumed', 'Active.'],
      ['pause', { minutes: '15' }, '15', 'The key is now paused', 'Paused until 2'],
    ] as const;
    for (const [action, fields, pause, notice, state] of steps) {
      const answer = await ada.post(`${path}/${action}`, fields);
      assert.equal(answer.status, 303);
      assert.equal(answer.location, path);
      assert.equal(await pauseOf(id), pause);
      const { body } = await ada.get(path);
      assert.ok(body.includes(notice), notice);
      assert.ok(body.includes(`<dt>State</dt><dd>${state}`), state);
      assert.ok(!(await ada.get(path)).body.includes(notice));
    }
    assert.match((await ada.get(TAB)).body, /<small>\s*Paused until 2\d{3}-/);
  });

  test('a paused key has the button Resume, and its page and its row say who tries it', async () => {
    const { id, path } = await newKey();
    assert.ok(!(await ada.get(path)).body.includes('>Resume<'));
    await ada.post(`${path}/pause`);
    await sql`update api_keys set late_used_at = now(), late_used_ip = '203.0.113.4',
      late_used_agent = 'curl/8.5.0', late_use_count = 3 where id = ${id}`.execute(on.db);
    const { body } = await ada.get(path);
    assert.match(body, />Resume</);
    const tried = 'ast tried less than a minute ago from 203.0.113.4 (curl 8.5), at least 3 times.';
    assert.ok(body.includes(`Paused until you resume it. L${tried}`));
    assert.ok((await ada.get(TAB)).body.includes(`L${tried}`));

    await ada.post(`${path}/resume`);
    const resumed = (await ada.get(path)).body;
    assert.ok(resumed.includes(`<dd>Active. While it was paused: l${tried}`));
    assert.ok(!(await ada.get(TAB)).body.includes(tried));
  });

  test('Resume of a key that is not paused does nothing, and says so', async () => {
    const { path } = await newKey();
    const { status, body } = await ada.post(`${path}/resume`);
    assert.equal(status, 200);
    assert.match(body, /The key is not paused\./);
  });

  test('an ended key is refused, with a sentence', async () => {
    const { path } = await newKey();
    await ada.post(`${path}/remove`);
    for (const action of ['pause', 'resume']) {
      const { status, body } = await ada.post(`${path}/${action}`);
      assert.equal(status, 422);
      assert.match(body, /<li>The key was removed\.<\/li>/);
    }
  });

  test('other lengths than those of the buttons are refused', async () => {
    const { id, path } = await newKey();
    for (const minutes of ['0', '16', '-15', 'x', '1e9']) {
      assert.equal((await ada.post(`${path}/pause`, { minutes })).status, 400);
    }
    assert.equal(await pauseOf(id), null);
  });

  test("another user's key is neither paused nor resumed", async () => {
    const { id, path } = await newKey();
    const bob = await on.app.signInNewUser();
    await bob.get(TAB);
    assert.equal((await bob.post(`${path}/pause`)).status, 404);
    assert.equal(await pauseOf(id), null);
    await ada.post(`${path}/pause`);
    assert.equal((await bob.post(`${path}/resume`)).status, 404);
    assert.equal(await pauseOf(id), 'forever');
  });
});
