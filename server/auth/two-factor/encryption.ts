import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
/** As NIST SP 800-38D recommends for GCM. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Enough to tell an operator's keys apart. */
const KEY_ID_BYTES = 8;

/** Encrypts what the database keeps of two-factor authentication. */
export interface Encryption {
  /** Names the key that encrypts; the first KEY_ID_BYTES of what it has encrypted. */
  keyId: Buffer;
  /** Key id, nonce, ciphertext and tag, one after the other. */
  encrypt(userId: number, plaintext: Uint8Array): Buffer;
  /** Undefined for what none of the keys has encrypted for this user. */
  decrypt(userId: number, encrypted: Buffer): Buffer | undefined;
}

/**
 * AES-256-GCM under the first of the keys; all decrypt. The id of the user is authenticated, so that
 * nothing that was encrypted for one user can be decrypted for another.
 *
 * @param keys as in ENCRYPTION_KEY: texts of 32 characters or more
 * @returns undefined where there are none
 */
export function createEncryption(keys: string[]): Encryption | undefined {
  const [first, ...others] = keys.map(derive);
  if (first === undefined) return undefined;
  return {
    keyId: first.id,
    encrypt(userId, plaintext) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first.key, nonce);
      cipher.setAAD(associatedData(userId, first));
      const ciphertext = [cipher.update(plaintext), cipher.final()];
      return Buffer.concat([first.id, nonce, ...ciphertext, cipher.getAuthTag()]);
    },
    decrypt(userId, encrypted) {
      if (encrypted.length < KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES) return undefined;
      const id = encrypted.subarray(0, KEY_ID_BYTES);
      const key = [first, ...others].find((key) => key.id.equals(id));
      return key && decryptWith(key, userId, encrypted.subarray(KEY_ID_BYTES));
    },
  };
}

interface DerivedKey {
  id: Buffer;
  key: Buffer;
}

/** The id comes from the same text, and says nothing about the key (RFC 5869). */
function derive(text: string): DerivedKey {
  const part = (info: string, length: number) =>
    Buffer.from(hkdfSync('sha256', text, '', `linode-manager ${info}`, length));
  return { id: part('key id', KEY_ID_BYTES), key: part('two-factor secret', KEY_BYTES) };
}

function decryptWith(key: DerivedKey, userId: number, encrypted: Buffer): Buffer | undefined {
  const nonce = encrypted.subarray(0, NONCE_BYTES);
  const ciphertext = encrypted.subarray(NONCE_BYTES, -TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(userId, key));
  decipher.setAuthTag(encrypted.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    return undefined;
  }
}

function associatedData(userId: number, { id }: DerivedKey): Buffer {
  return Buffer.concat([id, Buffer.from(`user ${userId}`)]);
}
