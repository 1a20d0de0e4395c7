import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNote } from './note.ts';

const kept = [
  ['', ''],
  [' one\r\ntwo\rthree\tfour\n', 'one\ntwo\nthree\tfour'],
  ['e\u0301', 'é'],
  ['😀'.repeat(500), '😀'.repeat(500)],
] as const;
for (const [typed, note] of kept) {
  test(`${JSON.stringify(typed).slice(0, 40)} is kept as ${JSON.stringify(note).slice(0, 40)}`, () => {
    assert.deepEqual(parseNote(typed), { value: note });
  });
}

test('a note that is too long is refused, and its length is named', () => {
  const problem = 'A note has at most 500 characters; this one has 501.';
  assert.deepEqual(parseNote('W'.repeat(501)), { problem });
  assert.ok('problem' in parseNote('\u0301'.repeat(9_000)));
});

for (const typed of ['a\0b', 'a\u007fb', 'a\u0085b', 'a\ud800b']) {
  test(`${JSON.stringify(typed)} is refused`, () => {
    assert.deepEqual(parseNote(typed), { problem: 'A note has no control characters.' });
  });
}
