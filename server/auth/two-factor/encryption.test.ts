import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEncryption } from './encryption.ts';

const [OLD, NEW] = ['o'.repeat(32), 'n'.repeat(32)];
const SECRET = Buffer.from('twenty bytes, secret');

function encryptionWith(...keys: string[]) {
  const encryption = createEncryption(keys);
  assert.ok(encryption);
  return encryption;
}

describe('encryption', () => {
  test('without a key there is no encryption', () => {
    assert.equal(createEncryption([]), undefined);
  });

  test('a ciphertext can be decrypted, also when another key encrypts now', () => {
    const encrypted = encryptionWith(OLD).encrypt(1, SECRET);
    assert.deepEqual(encryptionWith(OLD).decrypt(1, encrypted), SECRET);
    assert.deepEqual(encryptionWith(NEW, OLD).decrypt(1, encrypted), SECRET);
    assert.equal(encryptionWith(NEW).decrypt(1, encrypted), undefined);
  });

  test('the first key encrypts, and its id is at the start', () => {
    const encryption = encryptionWith(NEW, OLD);
    const encrypted = encryption.encrypt(1, SECRET);
    assert.deepEqual(encrypted.subarray(0, 8), encryption.keyId);
    assert.notDeepEqual(encryption.keyId, encryptionWith(OLD).keyId);
    assert.deepEqual(encryptionWith(NEW).decrypt(1, encrypted), SECRET);
  });

  test('the same secret is never encrypted to the same bytes, and they do not contain it', () => {
    const encryption = encryptionWith(OLD);
    const [one, other] = [encryption.encrypt(1, SECRET), encryption.encrypt(1, SECRET)];
    assert.notDeepEqual(one, other);
    assert.ok(!one.includes(SECRET));
  });

  test("another user's secret can't be decrypted", () => {
    const encryption = encryptionWith(OLD);
    assert.equal(encryption.decrypt(2, encryption.encrypt(1, SECRET)), undefined);
  });

  test('a ciphertext that was changed anywhere, or cut, is not decrypted', () => {
    const encryption = encryptionWith(OLD);
    const encrypted = encryption.encrypt(1, SECRET);
    for (let at = 0; at < encrypted.length; at++) {
      const changed = Buffer.from(encrypted);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(encryption.decrypt(1, changed), undefined, `byte ${at}`);
      assert.equal(encryption.decrypt(1, encrypted.subarray(0, at)), undefined, `cut at ${at}`);
    }
  });
});
