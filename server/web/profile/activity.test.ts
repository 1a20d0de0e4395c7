import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { EVENTS_IN_BATCH } from '../../../db/activity.ts';
import { describeApp } from '../../testing/describe-app.ts';
import type { Visitor } from '../../testing/visitor.ts';

const PAGE = '/profile/activity';

describeApp(PAGE, (on) => {
  /** Inserts events of a user that happened one after the other. */
  async function happened(visitor: Visitor, kind: string, count = 1, details = {}): Promise<void> {
    await sql`
      insert into events (kind, user_id, ip, user_agent, details)
      select replace(${kind}, '{n}', n::text), id, '203.0.113.7', 'curl/8.5.0',
        ${JSON.stringify(details)}::jsonb
      from users, generate_series(1, ${count}::int) n where username = ${visitor.username}
      order by n`.execute(on.db);
  }
  const shown = (body: string) =>
    [...body.matchAll(/<span id="event-\d+">([^<]+)</g)].map(([, what]) => what);
  const link = (body: string, text: string) =>
    new RegExp(`<a href="([^"]+)"[^>]*>${text}</a>`).exec(body)?.[1]?.replaceAll('&amp;', '&');
  const follow = async (visitor: Visitor, { body }: { body: string }, text: string) =>
    visitor.get(link(body, text) ?? `no link ${text}`);

  test('the newest 25 events, and pages of older ones and back', async () => {
    const visitor = await on.app.signInNewUser();
    await happened(visitor, 'event {n}', 60);
    const names = (newest: number, oldest: number) =>
      Array.from({ length: newest - oldest + 1 }, (_, n) => `event ${newest - n}`);
    const first = await visitor.get(PAGE);
    assert.deepEqual(shown(first.body), names(60, 36));
    assert.equal(link(first.body, 'Newer'), undefined);
    assert.equal(link(first.body, 'Newest'), undefined);
    const second = await follow(visitor, first, 'Older');
    assert.deepEqual(shown(second.body), names(35, 11));
    const last = await follow(visitor, second, 'Older');
    assert.deepEqual(shown(last.body), [...names(10, 1), 'Re-authenticated', 'Logged in']);
    assert.equal(link(last.body, 'Older'), undefined);
    assert.deepEqual(shown((await follow(visitor, last, 'Newer')).body), names(35, 11));
    assert.deepEqual(shown((await follow(visitor, last, 'Newest')).body), names(60, 36));
  });

  test('failed log ins in a row are counted, with the time of the first', async () => {
    const visitor = await on.app.signInNewUser();
    await happened(visitor, 'failed log in', 12);
    await sql`
      update events set at = at - interval '3 hours' where id = (select min(id) from events
        where kind = 'failed log in')`.execute(on.db);
    const { body } = await visitor.get(PAGE);
    assert.deepEqual(shown(body), ['Failed login, 12 times', 'Re-authenticated', 'Logged in']);
    assert.match(body, /<small>since <time/);
  });

  test('a kind that only a later version knows has its own name, and can be chosen', async () => {
    const visitor = await on.app.signInNewUser();
    await happened(visitor, 'key polished');
    const { body } = await visitor.get(PAGE);
    assert.match(body, /<option value="key polished" >key polished<\/option>/);
    const filtered = await visitor.get(`${PAGE}?key=&kind=key+polished`);
    assert.deepEqual(shown(filtered.body), ['key polished']);
    assert.match(filtered.body, /<option value="key polished" selected>/);
    assert.deepEqual(shown((await visitor.get('/profile/api-keys')).body)[0], 'key polished');
  });

  test('links to other pages and to downloads keep the filter', async () => {
    const visitor = await on.app.signInNewUser();
    await happened(visitor, 'log in', 30);
    await happened(visitor, 'log out', 30);
    const first = await visitor.get(`${PAGE}?kind=log+in`);
    const second = await follow(visitor, first, 'Older');
    assert.deepEqual(new Set(shown(second.body)), new Set(['Logged in']));
    assert.equal(shown(second.body).length, 6);
    assert.equal(link(second.body, 'Newest'), `${PAGE}?kind=log+in`);
    assert.equal(link(second.body, 'CSV'), `${PAGE}/download.csv?kind=log+in`);
    assert.equal(link(second.body, 'NDJSON'), `${PAGE}/download.ndjson?kind=log+in`);
  });

  test('the activity of one key, also when the key is deleted', async () => {
    const visitor = await on.app.signInNewUser();
    const { id, secret } = await visitor.createKey({ label: 'ci' });
    await visitor.createKey({ label: 'other' });
    await visitor.post(`/profile/api-keys/${id}/remove`);
    await sql`delete from api_keys where id = ${Number(id)}`.execute(on.db);
    const prefix = secret.slice(0, 16);
    const { body } = await visitor.get(`${PAGE}?key=${id}`);
    assert.deepEqual(shown(body), [`Removed key ${prefix}…`, `Created key ${prefix}…`]);
    assert.ok(body.includes(`<option value="${id}" selected>${prefix}… ci</option>`), body);
    assert.equal(link((await visitor.get(PAGE)).body, 'ci'), `${PAGE}?key=${id}`);
  });

  test("another user's key shows nothing, like a key that never existed", async () => {
    const owner = await on.app.signInNewUser();
    const { id } = await owner.createKey({ label: 'a secret project' });
    const visitor = await on.app.signInNewUser();
    for (const path of [PAGE, `${PAGE}/download.csv`, `${PAGE}/download.ndjson`]) {
      const own = await visitor.get(`${path}?key=${id}`);
      const none = await visitor.get(`${path}?key=${id}999`);
      assert.equal(own.status, 200);
      assert.deepEqual(shown(own.body), []);
      assert.doesNotMatch(own.body, /a secret project|lmk/);
      const withoutIds = ({ body }: { body: string }) =>
        body.replaceAll(/csrf" value="[^"]*"|data-locks-in="\d+"/g, '').replaceAll(`${id}999`, id);
      assert.equal(withoutIds(own), withoutIds(none));
    }
  });

  test('a page that is empty says so and leads to the newest events', async () => {
    const visitor = await on.app.signInNewUser();
    const { body } = await visitor.get(`${PAGE}?before=1`);
    assert.match(body, /There is no such activity\./);
    assert.equal(link(body, 'Newest'), PAGE);
  });

  const wrong = [
    ...['before=0', 'before=-1', 'before=x', 'before=1.5', 'before=9999999999999999'],
    ...['after=x', 'before=1&after=1', 'before=1&before=2', 'key=x', 'key=1&key=2'],
    ...['kind=%00', `kind=${'x'.repeat(65)}`, 'kind=a&kind=b', 'kind=%E2%82%AC', 'kind=%FF'],
  ];
  for (const query of wrong) {
    test(`?${query.slice(0, 30)} is a bad request, on the page and as a download`, async () => {
      const visitor = await on.app.signInNewUser();
      const { status, body } = await visitor.get(`${PAGE}?${query}`);
      assert.equal(status, 400);
      assert.match(body, /in the URL is wrong\./);
      assert.equal((await visitor.get(`${PAGE}/download.csv?${query}`)).status, 400);
    });
  }

  for (const format of ['csv', 'ndjson']) {
    test(`a download as ${format} is a file that no cache may keep`, async () => {
      const visitor = await on.app.signInNewUser();
      for (const method of ['GET', 'HEAD']) {
        const { status, headers } = await visitor.send(`${PAGE}/download.${format}`, { method });
        assert.equal(status, 200);
        assert.equal(
          headers.get('content-disposition'),
          `attachment; filename="activity.${format}"`,
        );
        assert.equal(headers.get('cache-control'), 'no-store');
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.match(headers.get('content-type') ?? '', /^(text\/csv|application\/x-ndjson);/);
      }
    });
  }

  test('CSV has every event, and its formulas are harmless', async () => {
    const visitor = await on.app.signInNewUser();
    await happened(visitor, 'key made', 1, { label: '=1+1, "x"', prefix: 'lmk0123456789abc' });
    await sql`update events set user_agent = '@SUM(1)', at = '2014-02-13T08:42:00+01:00'
      where kind = 'key made' and details ->> 'label' = '=1+1, "x"'`.execute(on.db);
    const { body } = await visitor.get(`${PAGE}/download.csv`);
    const [head, made, authenticated, loggedIn, end] = body.split('\r\n');
    assert.equal(
      head,
      'id,time,kind,description,key_id,key_label,key_prefix,address,user_agent,details',
    );
    assert.equal(
      made?.replace(/^\d+/, '1'),
      [
        '1,2014-02-13T07:42:00.000Z,key made,Created key lmk0123456789abc…,,"\'=1+1, ""x""",',
        "lmk0123456789abc,203.0.113.7,'@SUM(1),",
        '"{""label"":""=1+1, \\""x\\"""",""prefix"":""lmk0123456789abc""}"',
      ].join(''),
    );
    assert.match(authenticated ?? '', /,authenticated,Re-authenticated,,,,127\.0\.0\.1,node,\{\}$/);
    assert.match(loggedIn ?? '', /,log in,/);
    assert.equal(end, '');
  });

  test('NDJSON has an event on each line, and each failed log in', async () => {
    const visitor = await on.app.signInNewUser();
    const { id, secret } = await visitor.createKey({ label: 'ci' });
    await happened(visitor, 'failed log in', 3);
    const { body } = await visitor.get(`${PAGE}/download.ndjson`);
    const kinds = [...body.matchAll(/^\{.*"kind":"([^"]+)".*\}$/gm)].map(([, kind]) => kind);
    assert.deepEqual(kinds, [
      ...['failed log in', 'failed log in', 'failed log in'],
      ...['key made', 'authenticated', 'log in'],
    ]);
    const keyed = (await visitor.get(`${PAGE}/download.ndjson?key=${id}`)).body;
    assert.match(
      keyed,
      new RegExp(
        `^\\{"id":\\d+,"time":"[-\\d]+T[:.\\d]+Z","kind":"key made",` +
          `"description":"Created key ${secret.slice(0, 16)}…","key_id":${id},"key_label":"ci",` +
          `"key_prefix":"${secret.slice(0, 16)}","address":"127\\.0\\.0\\.1","user_agent":"node",` +
          `"details":\\{.*\\}\\}\\n$`,
      ),
    );
  });

  test('a download of many events has each of them once', async () => {
    const visitor = await on.app.signInNewUser();
    await happened(visitor, 'event {n}', 2 * EVENTS_IN_BATCH);
    const { body } = await visitor.get(`${PAGE}/download.csv`);
    const numbers = [...body.matchAll(/,event (\d+),event/g)].map(([, n]) => Number(n));
    assert.deepEqual(
      numbers,
      Array.from({ length: 2 * EVENTS_IN_BATCH }, (_, n) => 2 * EVENTS_IN_BATCH - n),
    );
    assert.equal(body.match(/^id,/gm)?.length, 1);
  });

  test('a download without events is an empty file', async () => {
    const visitor = await on.app.signInNewUser();
    const { status, body } = await visitor.get(`${PAGE}/download.ndjson?kind=none`);
    assert.equal(status, 200);
    assert.equal(body, '');
  });
});
