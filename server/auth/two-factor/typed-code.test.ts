import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inGroups, newScratchCodes, parseCode, scratchCodeDigest } from './typed-code.ts';

const SCRATCH = 'ABCDEFGHIJKL2345';

describe('a typed code', () => {
  for (const typed of ['123456', ' 123 456 ', '123-456', '123\u00a0456']) {
    test(`${JSON.stringify(typed)} is six digits`, () => {
      assert.deepEqual(parseCode(typed), { kind: 'totp', code: '123456' });
    });
  }

  for (const typed of [SCRATCH, SCRATCH.toLowerCase(), inGroups(SCRATCH), `${SCRATCH}\n`]) {
    test(`${JSON.stringify(typed)} is a scratch code`, () => {
      assert.deepEqual(parseCode(typed), { kind: 'scratch', digest: scratchCodeDigest(SCRATCH) });
    });
  }

  const nothing = [
    '',
    ' ',
    '0',
    '12345',
    '1234567',
    '１２３４５６',
    `${SCRATCH}A`,
    SCRATCH.slice(1),
  ];
  for (const typed of [...nothing, 'ABCDEFGHIJKL2340', ' '.repeat(100) + SCRATCH]) {
    test(`${JSON.stringify(typed)} is not a code`, () => {
      assert.equal(parseCode(typed), undefined);
    });
  }
});

test('there are ten scratch codes of 16 base32 characters, and all are different', () => {
  const codes = Array.from({ length: 20 }, newScratchCodes).flat();
  assert.equal(codes.length, 200);
  assert.equal(new Set(codes).size, 200);
  for (const code of codes) {
    assert.match(code, /^[A-Z2-7]{16}$/);
    assert.equal(parseCode(inGroups(code))?.kind, 'scratch');
  }
});

test('groups have four characters', () => {
  assert.equal(inGroups('ABCDEFGH'), 'ABCD EFGH');
  assert.equal(inGroups('ABCDEFGHI'), 'ABCD EFGH I');
});
