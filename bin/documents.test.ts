// What the documents name exists.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { refusalReasons } from '../server/key-checks/outcomes.ts';

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

test('the document of the gateway names every reason why a check refuses a key', () => {
  const [, row = ''] =
    /^\| 401 \|.*?`X-Auth-Reason`: (.*?) with/m.exec(read('docs/gateway/README.md')) ?? [];
  const named = [...row.matchAll(/`(\w+)`/g)].map(([, reason]) => reason);
  // Two keys at once count as an unknown one.
  assert.deepEqual(named.sort(), refusalReasons.filter((reason) => reason !== 'ambiguous').sort());
});
