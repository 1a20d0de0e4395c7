import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { describeApp } from '../../../testing/describe-app.ts';
import { addManyKeys } from '../../../testing/keys.ts';
import type { Answer, Visitor } from '../../../testing/visitor.ts';

const TAB = '/profile/api-keys';

describeApp('a long list of keys', (on) => {
  let visitor: Visitor;
  before(async () => {
    visitor = await on.app.signInNewUser();
    await addManyKeys(on.db, visitor.username, 60);
  });

  const open = async (query: string) => {
    const answer = await visitor.get(`${TAB}${query}`);
    assert.equal(answer.status, 200, query);
    return answer;
  };

  test('is shown 25 at a time, oldest first, with links that lead through all of it and back', async () => {
    const first = await open('');
    assert.deepEqual(labels(first), hosts(1, 25));
    assert.equal(link(first, 'Previous'), undefined);
    const second = await open(link(first, 'Next') ?? '');
    assert.deepEqual(labels(second), hosts(26, 50));
    const third = await open(link(second, 'Next') ?? '');
    assert.deepEqual(labels(third), hosts(51, 60));
    assert.equal(link(third, 'Next'), undefined);
    assert.deepEqual(labels(await open(link(third, 'Previous') ?? '')), hosts(26, 50));
    assert.deepEqual(labels(await open(link(first, 'Last') ?? '')), hosts(36, 60));
    assert.deepEqual(labels(await open(link(third, 'First') ?? '')), hosts(1, 25));
  });

  test('is sorted by links in the headers, and each page of it stays sorted', async () => {
    const first = await open('');
    assert.match(first.body, /aria-sort="ascending"><a href="[^"]*">When</);
    const byLabel = await open(headerLink(first, 'Label'));
    assert.match(byLabel.body, /aria-sort="ascending"><a href="[^"]*">Label</);
    const descending = await open(headerLink(byLabel, 'Label'));
    assert.match(descending.body, /aria-sort="descending"><a href="[^"]*">Label</);
    assert.deepEqual(labels(descending), hosts(36, 60).reverse());
    const next = await open(link(descending, 'Next') ?? '');
    assert.deepEqual(labels(next), hosts(11, 35).reverse());
  });

  test('is searched and filtered, and the filters count', async () => {
    const found = await open('?q=HOST+01');
    assert.deepEqual(labels(found), hosts(10, 19));
    assert.match(found.body, /name="q" value="HOST 01"/);
    const none = await open('?q=nothing');
    assert.match(none.body, /No API keys match\./);
    assert.match(none.body, /<a href="\/profile\/api-keys">Show all keys<\/a>/);
    assert.match(
      none.body,
      />All 60<[\s\S]*>Expires soon 0<[\s\S]*>Never used 60<[\s\S]*>Not used for 90 days 0</,
    );
    assert.deepEqual(labels(await open('?filter=never-used')), hosts(1, 25));
    assert.deepEqual(labels(await open('?filter=expires-soon')), []);
  });

  const nonsense = [
    '?sort=digest',
    '?sort=label&sort=label',
    '?filter=constructor',
    '?after=x',
    '?after=never.1',
    '?after=1.99999999999999999999',
    '?after=99999999999999999.1',
    '?sort=label&after=%00.1',
    '?sort=label&after=%ED%A0%80.1',
    `?after=${'1'.repeat(5_000)}.1`,
    '?before=',
  ];
  for (const query of nonsense) {
    test(`${query.slice(0, 40)} is invalid, and is ignored`, async () => {
      assert.equal(labels(await open(query)).length, 25);
    });
  }

  test('a search that is too long, or not text, has its message at the field', async () => {
    for (const q of ['x'.repeat(129), '\0']) {
      const { body } = await open(`?${new URLSearchParams({ q })}`);
      assert.match(body, /id="q-problem">Search for at most 128 characters/);
      const posted = await visitor.post(`${TAB}/search`, { q });
      assert.equal(posted.status, 422);
      assert.match(posted.body, /id="q-problem">/);
    }
  });

  test('a page after the last key is the last page', async () => {
    const { body } = await open('?after=9000000000000000.1');
    assert.ok(body.includes('>host 060<'));
    assert.ok((await open('?before=0.1')).body.includes('>host 001<'));
  });

  test('a new key is on the page of the answer, and its row is marked', async () => {
    const other = await on.app.signInNewUser();
    await addManyKeys(on.db, other.username, 26);
    const { body, secret } = await other.createKey({ label: 'new' });
    const [row] = body.match(/<tr role="row" class="new">[\s\S]*?<\/tr>/g) ?? [];
    assert.ok(row?.includes(secret.slice(0, 16)));
    assert.ok(body.includes('>host 026<') && !body.includes('>host 001<'));
  });

  test('with fewer than 10 keys there is only the plain table, whatever the URL asks for', async () => {
    const other = await on.app.signInNewUser();
    await addManyKeys(on.db, other.username, 9);
    const { body } = await other.get(`${TAB}?q=nothing&sort=-label&filter=never-used`);
    assert.deepEqual(labels({ body }), hosts(1, 9));
    for (const addition of ['aria-sort', 'type="checkbox"', 'type="search"', 'Never used 9']) {
      assert.ok(!body.includes(addition), addition);
    }
    await other.createKey();
    assert.match((await other.get(TAB)).body, /type="checkbox"[\s\S]*Remove selected/);
  });

  test('removing a key, or not, leads back to the same part of the list', async () => {
    const other = await on.app.signInNewUser();
    await addManyKeys(on.db, other.username, 60);
    const list = await other.get(`${TAB}?q=host&sort=-label`);
    const page = await other.get(`${TAB}${link(list, 'Next')}`);
    const removal = /href="(\/profile\/api-keys\/\d+\/remove[^"]*)"/.exec(page.body)?.[1] ?? '';
    const url = removal.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
    const question = await other.get(url);
    assert.match(question.body, /type="hidden" name="sort" value="-label"/);
    const answer = await other.post(url);
    assert.equal(answer.status, 303);
    const { searchParams } = new URL(answer.location ?? '', on.app.origin);
    assert.deepEqual([...searchParams.keys()], ['q', 'sort', 'after']);
    assert.deepEqual(labels(await other.get(answer.location ?? '')).slice(0, 2), [
      'host 034',
      'host 033',
    ]);
  });
});

function labels({ body }: Pick<Answer, 'body'>): string[] {
  return [...body.matchAll(/class="label"[^>]*><span[^>]*><bdi>([^<]*)</g)].map(
    ([, label]) => label ?? '',
  );
}

/** `host 001`, … */
function hosts(from: number, to: number): string[] {
  return Array.from(
    { length: to - from + 1 },
    (_, n) => `host ${String(from + n).padStart(3, '0')}`,
  );
}

/** The query of a link, by its text. */
function link({ body }: Answer, text: string): string | undefined {
  const href = new RegExp(`<a href="/profile/api-keys([^"]*)">${text}</a>`).exec(body)?.[1];
  return href?.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
}

function headerLink(answer: Answer, text: string): string {
  return link(answer, text) ?? '';
}
