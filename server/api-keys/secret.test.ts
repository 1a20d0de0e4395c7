import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { digestOf, isWellFormed, makeSecret, prefixOf } from './secret.ts';

const secrets = Array.from({ length: 1_000 }, makeSecret);

test('a key is lmk and 61 letters and digits', () => {
  for (const secret of secrets) assert.match(secret, /^lmk[0-9A-Za-z]{61}$/);
});

test('the last six characters of a key are the CRC-32 of the others in base 62', () => {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  for (const secret of secrets) {
    let value = 0;
    for (const digit of secret.slice(58)) value = value * 62 + digits.indexOf(digit);
    assert.equal(value, crc32(secret.slice(0, 58)));
  }
});

test('all characters are equally likely', () => {
  const counts = new Map<string, number>();
  for (const secret of secrets) {
    for (const character of secret.slice(3, 58)) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
  }
  assert.equal(counts.size, 62);
  const expected = (1_000 * 55) / 62;
  // Chi-squared with 61 degrees of freedom: beyond 130 about once in a million runs. Without the
  // rejection eight characters would come a quarter more often than the rest: about 300.
  const chiSquared = [...counts.values()].reduce(
    (sum, count) => sum + (count - expected) ** 2 / expected,
    0,
  );
  assert.ok(chiSquared < 130, `chi-squared is ${chiSquared}`);
});

test('all keys are different, and so are their prefixes', () => {
  assert.equal(new Set(secrets.map(prefixOf)).size, secrets.length);
});

test('a key is well-formed; one with any character changed, or cut, or longer, is not', () => {
  const secret = makeSecret();
  assert.ok(isWellFormed(secret));
  for (let at = 0; at < secret.length; at++) {
    const other = secret[at] === 'x' ? 'y' : 'x';
    assert.ok(!isWellFormed(secret.slice(0, at) + other + secret.slice(at + 1)), `at ${at}`);
  }
  for (const text of ['', secret.slice(1), secret.slice(0, -1), `${secret}0`, `${secret}\n`]) {
    assert.ok(!isWellFormed(text), JSON.stringify(text));
  }
});

test('the prefix of a key is its first 16 characters, the digest its SHA-256', () => {
  const secret = 'lmk0000000000000000000000000000000000000000000000000000000000000';
  assert.equal(prefixOf(secret), 'lmk0000000000000');
  assert.equal(
    digestOf('abc').toString('hex'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
