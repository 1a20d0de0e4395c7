import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import { startApp } from '../testing/app.ts';
import { addUser } from '../testing/users.ts';

test('the configuration for nginx on the page is the file that is tested, and is in the image', async (t) => {
  const db = await openDatabase({ memory: true });
  t.after(() => db.destroy());
  const app = await startApp(db);
  t.after(() => app.close());
  await addUser(db, 'ada');
  const ada = await app.signIn('ada');
  const { body } = await ada.get('/documentation');
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
