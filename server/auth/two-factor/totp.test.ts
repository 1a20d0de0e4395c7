import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOfStep, keyUri, newTotpSecret, stepOfCode, typedSecret } from './totp.ts';

/** Of RFC 6238, Appendix B. */
const SECRET = Buffer.from('12345678901234567890');

/** Seconds since 1970, and the last six of the RFC's eight digits. */
const vectors = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
] as const;

describe('codes of two-factor authentication', () => {
  for (const [seconds, code] of vectors) {
    test(`at ${seconds} seconds the code is that of RFC 6238`, () => {
      const step = Math.floor(seconds / 30);
      assert.equal(codeOfStep(SECRET, step), code);
      assert.equal(stepOfCode(SECRET, code, step), step);
    });
  }

  test('the code of the step before and after is accepted, and no other', () => {
    const step = 41_152_263;
    for (const [difference, found] of [
      [-2, undefined],
      [-1, step - 1],
      [1, step + 1],
      [2, undefined],
    ] as const) {
      assert.equal(stepOfCode(SECRET, codeOfStep(SECRET, step + difference), step), found);
    }
  });

  test('secrets have 160 bits, and all are different', () => {
    const secrets = Array.from({ length: 100 }, newTotpSecret);
    for (const secret of secrets) assert.equal(secret.length, 20);
    assert.equal(new Set(secrets.map((secret) => secret.toString('hex'))).size, 100);
  });

  test('the key URI has issuer, user name and secret', () => {
    const uri = new URL(keyUri(SECRET, 'ada'));
    assert.equal(uri.href.split('?')[0], 'otpauth://totp/Linode%20Manager:ada');
    assert.deepEqual(Object.fromEntries(uri.searchParams), {
      issuer: 'Linode Manager',
      secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
    assert.equal(typedSecret(SECRET), uri.searchParams.get('secret'));
  });
});
