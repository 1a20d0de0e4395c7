import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { describeApp } from '../testing/describe-app.ts';
import type { Visitor } from '../testing/visitor.ts';
import { assetUrl } from './static-files.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../public');
const FOR_GOOD = 'public, max-age=31536000, immutable';
const TAB = '/profile/api-keys';

describeApp('the files of public/', (on) => {
  let visitor: Visitor;
  before(async () => {
    visitor = await on.app.signInNewUser();
  });

  test('every page links them by a hash of all their content, and browsers may keep them', async () => {
    const stranger = on.app.newVisitor();
    const { id, ...created } = await visitor.createKey();
    const pages = [
      created,
      ...(await Promise.all(
        ['/', '/documentation', '/profile', '/profile/password', '/profile/authenticate', TAB]
          .concat(`${TAB}/${id}/remove`, '/nothing')
          .map((url) => visitor.get(url)),
      )),
      await stranger.get('/login'),
      await stranger.get('/nothing'),
    ];
    const linked = new Set(pages.flatMap(({ body }) => linksOf(body)));
    for (const url of linked) {
      const { status, headers } = await stranger.get(url);
      assert.equal(status, 200, url);
      assert.equal(headers.get('cache-control'), FOR_GOOD, url);
    }
    // Every file is linked, and none loads another from outside the folder of the hash.
    assert.deepEqual(new Set([...linked].map(withoutHash)), new Set(namesOfAll()));
    for (const name of namesOfAll()) {
      const text = readFileSync(path.join(FOLDER, name), 'utf8');
      assert.doesNotMatch(text, /\b(from\s*|import\s*\(?|url\()['"]?\//, name);
    }
  });

  test('a plain name, or the hash of another version, gets the same file with no-cache', async () => {
    const ours = await visitor.get(assetUrl('css/main.css'));
    for (const name of ['css/main.css', 'css/main.css?3', '0123456789/css/main.css']) {
      const url = `/assets/${name}`;
      const answer = await visitor.get(url);
      assert.equal(answer.status, 200, url);
      assert.equal(answer.headers.get('cache-control'), 'no-cache', url);
      assert.equal(answer.body, ours.body);
      const again = await visitor.get(url, {
        'if-none-match': answer.headers.get('etag') ?? '',
        // Without this header `fetch` would ask for the whole file.
        'cache-control': 'max-age=0',
      });
      assert.equal(again.status, 304, url);
      assert.equal(again.headers.get('cache-control'), 'no-cache', url);
    }
  });

  test('a file that was replaced after the start is not kept under its old hash', async (t) => {
    const url = assetUrl('css/home.css');
    const file = path.join(FOLDER, 'css/home.css');
    const { atime, mtime } = statSync(file);
    t.after(() => utimesSync(file, atime, mtime));
    utimesSync(file, atime, new Date(mtime.getTime() - 60_000));
    assert.equal((await visitor.get(url)).headers.get('cache-control'), 'no-cache');
  });

  test('for a file that does not exist, the answer is the 404 page, which is not kept', async () => {
    for (const url of [
      '/assets',
      '/assets/',
      '/assets/css/',
      '/assets/css/none.css',
      '/assets/0123456789/css/none.css',
      '/assets/0123456789/0123456789/css/main.css',
      '/assets/..%2fpackage.json',
      '/assets/css/..%2f..%2fpackage.json',
      '/assets/0123456789/..%2f..%2fpackage.json',
      '/css/main.css',
    ]) {
      const answer = await visitor.get(url);
      assert.equal(answer.status, 404, url);
      assert.equal(answer.headers.get('cache-control'), 'no-store', url);
      assert.match(answer.body, /<h1>Not found<\/h1>/, url);
    }
  });

  test('range requests and HEAD are answered; a range outside the file is 416', async () => {
    const url = assetUrl('css/main.css');
    const part = await visitor.get(url, { range: 'bytes=0-5' });
    assert.equal(part.status, 206);
    assert.equal(part.body, '@layer');
    const head = await visitor.send(url, { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('cache-control'), FOR_GOOD);
    const beyond = await visitor.get(url, { range: 'bytes=999999-' });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers.get('cache-control'), 'no-store');
    assert.equal((await visitor.send(url, { method: 'POST' })).status, 403);
  });

  test('the tab of a user with twenty keys: five requests and less than 56 kB', async () => {
    const label = 'as long as labels of people tend to be';
    let keys = 0;
    while (keys < 20) {
      const { body } = await visitor.createKey({ label });
      keys = body.match(/data-remove/g)?.length ?? 0;
    }
    const { body } = await visitor.get(TAB);
    const links = linksOf(body);
    assert.equal(links.length, 4, links.join('\n'));
    const files = await Promise.all(links.map((url) => visitor.get(url)));
    const bytes = Buffer.byteLength([body, ...files.map((file) => file.body)].join(''));
    assert.ok(bytes < 56_000, String(bytes));
  });

  test('only names of existing files have a URL', () => {
    assert.throws(() => assetUrl('css/none.css'), /There is no file public\/css\/none\.css/);
  });
});

function linksOf(page: string): string[] {
  return [...page.matchAll(/<(?:link|script)[^>]* (?:href|src)="([^"]+)"/g)].flatMap(
    ([, url]) => url ?? [],
  );
}

function withoutHash(url: string): string {
  return url.replace(/^\/assets\/[0-9a-f]{10}\//, '');
}

function namesOfAll(): string[] {
  const entries = readdirSync(FOLDER, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(FOLDER, path.join(entry.parentPath, entry.name)));
}
