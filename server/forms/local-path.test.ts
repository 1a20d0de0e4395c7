import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localPath } from './local-path.ts';

for (const path of ['/', '/profile', '/profile/api-keys?label=ci&expires=1-day', '/a%2f%2fb']) {
  test(`${path} is a path of this site`, () => assert.equal(localPath(path), path));
}

const foreign = [
  'https://evil.example/',
  'https:evil',
  'javascript:alert(1)',
  '//evil',
  '///evil',
  '/\\evil',
  '\\\\evil',
  '/login/../\\evil',
  '/./\\evil',
  '/\t/evil',
  '/\n/evil',
  '%2f%2fevil',
  'profile',
  '',
  undefined,
  ['/profile'],
];
for (const text of foreign) {
  test(`${JSON.stringify(text)} is not a path of this site`, () =>
    assert.equal(localPath(text), undefined));
}

test('line breaks cannot get into a header', () => {
  assert.equal(localPath('/a\r\nSet-Cookie: x'), '/aSet-Cookie:%20x');
});
