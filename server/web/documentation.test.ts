import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { describeApp } from '../testing/describe-app.ts';

describeApp('/documentation', (on) => {
  test('the configuration for nginx on the page is the file that is tested, and is in the image', async () => {
    const visitor = await on.app.signInNewUser({ authenticate: false });
    const { body } = await visitor.get('/documentation');
    const [, shown = ''] =
      /<summary>nginx\.conf<\/summary>\s*<pre><code>(.*?)<\/code>/s.exec(body) ?? [];
    const entities = new Map([
      ['lt', '<'],
      ['gt', '>'],
      ['#34', '"'],
      ['#39', "'"],
      ['amp', '&'],
    ]);
    const text = shown.replaceAll(/&(\w+|#\d+);/g, (_, name) => entities.get(name) ?? '?');
    const root = path.resolve(import.meta.dirname, '../..');
    assert.equal(text, readFileSync(path.join(root, 'docs/gateway/nginx.conf'), 'utf8'));
    const image = readFileSync(path.join(root, '.dockerignore'), 'utf8').split('\n');
    assert.ok(image.includes('!docs/gateway/nginx.conf'));
  });
});
