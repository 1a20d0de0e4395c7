import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visible } from './visible-text.ts';

test('characters that turn or hide text are shown by their code points', () => {
  assert.equal(visible('\u202Elive'), '[U+202E]live');
  assert.equal(visible('a\u0000b\u200Bc\u2066d'), 'a[U+0000]b[U+200B]c[U+2066]d');
  assert.equal(
    visible('soft\u00ADhyphen, line\u2028separator'),
    'soft[U+00AD]hyphen, line[U+2028]separator',
  );
  assert.equal(visible('\u{E0041}'), '[U+E0041]');
});

test('emoji, joined letters and other scripts stay as they are', () => {
  const england = '\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}';
  for (const text of ['👩‍💻 key', england, 'می‌خواهم', '日本語', 'e\u0301', 'ci <b>&amp;']) {
    assert.equal(visible(text), text);
  }
});
