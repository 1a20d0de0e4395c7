import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const FOLDER = path.resolve(import.meta.dirname, '../../views');
const views = globSync('**/*.ejs', { cwd: FOLDER }).map((view) => ({
  view,
  text: readFileSync(path.join(FOLDER, view), 'utf8'),
}));

test('no view writes a value without escaping it', () => {
  assert.ok(views.length > 10);
  for (const { view, text } of views) {
    const unescaped = [...text.matchAll(/<%-(?!\s*include\()[^%]*%>/g)].map(([tag]) => tag);
    assert.deepEqual(unescaped, [], view);
  }
});

test('every hidden field has autocomplete off: Firefox would restore its old value at a reload', () => {
  const hidden = views.flatMap(({ text }) => text.match(/<input [^\n]*type="hidden"[^\n]*/g) ?? []);
  assert.ok(hidden.length >= 4);
  for (const field of hidden) assert.match(field, / autocomplete="off">$/);
});
