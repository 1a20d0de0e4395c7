import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvLine } from './csv.ts';

test('cells are separated by commas, and a line ends with CR LF', () => {
  assert.equal(csvLine(['a', '', 'b c']), 'a,,b c\r\n');
});

test('a cell with a comma, a quotation mark or a line break is quoted', () => {
  assert.equal(
    csvLine(['a,b', 'say "hi"', 'a\nb', 'a\rb']),
    '"a,b","say ""hi""","a\nb","a\rb"\r\n',
  );
});

for (const character of ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
  test(`a cell that begins with ${JSON.stringify(character)} is no formula`, () => {
    assert.match(csvLine([`${character}1`]), /^"?'/);
    assert.doesNotMatch(csvLine([`1${character}1`]), /'/);
  });
}

test('a formula that needs quotes is harmless too', () => {
  assert.equal(
    csvLine(['=HYPERLINK("http://evil.example","x")']),
    `"'=HYPERLINK(""http://evil.example"",""x"")"\r\n`,
  );
});
