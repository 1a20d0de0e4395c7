import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const FOLDER = path.resolve(import.meta.dirname, '../../views');

test('no view writes a value without escaping it', () => {
  const views = globSync('**/*.ejs', { cwd: FOLDER });
  assert.ok(views.length > 10);
  for (const view of views) {
    const text = readFileSync(path.join(FOLDER, view), 'utf8');
    const unescaped = [...text.matchAll(/<%-(?!\s*include\()[^%]*%>/g)].map(([tag]) => tag);
    assert.deepEqual(unescaped, [], view);
  }
});
