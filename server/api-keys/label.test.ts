import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabel } from './label.ts';

const kept = [
  ['', ''],
  ['  my laptop\t', 'my laptop'],
  ['e\u0301', 'é'],
  ['"><img src=x onerror=alert(1)>', '"><img src=x onerror=alert(1)>'],
  ['\u202Eevil', '\u202Eevil'],
  ['👩‍💻', '👩‍💻'],
  ['😀'.repeat(128), '😀'.repeat(128)],
  [` ${'W'.repeat(128)} `, 'W'.repeat(128)],
] as const;
for (const [typed, label] of kept) {
  test(`${JSON.stringify(typed)} is kept as ${JSON.stringify(label)}`, () => {
    assert.deepEqual(parseLabel(typed), { value: label });
  });
}

for (const typed of [
  'W'.repeat(129),
  'a\0b',
  'a\nb',
  'a\u007fb',
  'a\u0085b',
  'a\u2028b',
  'a\ud800b',
]) {
  test(`${JSON.stringify(typed)} is refused with a sentence`, () => {
    const label = parseLabel(typed);
    assert.ok('problem' in label && label.problem.endsWith('.'));
  });
}
