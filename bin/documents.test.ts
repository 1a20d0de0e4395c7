// The files and folders that the documents name exist.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

test('the map in CONTRIBUTING.md names what exists, and every folder of server/', () => {
  const [, map = ''] = /## Map\n\n```\n(.*?)```/s.exec(read('CONTRIBUTING.md')) ?? [];
  const named: string[] = [];
  let folder = '';
  for (const [, indent = '', name = ''] of map.matchAll(/^( *)(\S+)/gm)) {
    if (indent === '') folder = name;
    named.push(indent === '' ? name : path.join(folder, name));
  }
  assert.ok(named.length > 20, named.join());
  for (const name of named) assert.ok(existsSync(path.join(root, name)), name);
  for (const each of globSync('server/*/', { cwd: root })) {
    assert.ok(named.includes(path.join(each, '/')), `${each} is not in the map`);
  }
});

test('links in documents lead to files that exist', () => {
  const documents = globSync(['*.md', 'docs/**/*.md', 'bench/*.md'], { cwd: root });
  assert.ok(documents.length > 10, documents.join());
  for (const document of documents) {
    const text = read(document).replace(/^```.*?^```/gms, '');
    for (const [, target = ''] of text.matchAll(/(?:\]\(|src=")([^)"#]+)/g)) {
      if (/^https?:/.test(target)) continue;
      const file = path.resolve(root, path.dirname(document), target);
      assert.ok(existsSync(file), `${document} links to ${target}`);
    }
  }
});
