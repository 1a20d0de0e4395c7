import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Tells people, and scanners of leaked secrets, what they have found. */
const MARK = 'lmk';
const RANDOM_LENGTH = 55;
const CHECKSUM_LENGTH = 6;
export const SECRET_LENGTH = MARK.length + RANDOM_LENGTH + CHECKSUM_LENGTH;
const PREFIX_LENGTH = 16;
const SHAPE = new RegExp(`^${MARK}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/**
 * A new key: 64 characters 0-9A-Za-z. `lmk`, 55 random ones (327 bits), and the CRC-32 of these
 * 58 as 6 digits in base 62, most significant first.
 */
export function makeSecret(): string {
  const body = MARK + randomCharacters(RANDOM_LENGTH);
  return body + checksum(body);
}

/** Whether a text has the shape and the checksum of a key, unlike typos and junk. */
export function isWellFormed(text: string): boolean {
  return (
    SHAPE.test(text) && checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH)
  );
}

/** Why a text that looks like a key is not one, in a sentence; undefined for a key. */
export function findFault(text: string): string | undefined {
  if (isWellFormed(text)) return undefined;
  if (text.length === SECRET_LENGTH) return 'This key has a typo: its checksum is wrong.';
  return `This is not a whole key: it has ${text.length} characters instead of ${SECRET_LENGTH}.`;
}

/** Each part of a text that looks like a key, or like more of a key than its prefix. */
export function listSecrets(text: string): string[] {
  return [...new Set(text.match(/lmk[0-9A-Za-z]{14,}/g))];
}

/** A text for a URL: what looks like a key, or like at least 20 characters of one, is cut to its prefix. */
export function cutSecrets(text: string): string {
  return text.replace(/(lmk[0-9A-Za-z]{13})[0-9A-Za-z]{4,}/g, '$1');
}

/** The part of a key that pages may show. */
export function prefixOf(secret: string): string {
  return secret.slice(0, PREFIX_LENGTH);
}

/**
 * What the database keeps of a key: its SHA-256, 32 bytes. A slow hash would protect nothing
 * here: more than 300 random bits can't be guessed from it.
 */
export function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** The same in hexadecimal, in a third of the time. */
export function hexDigestOf(secret: string): string {
  return hash('sha256', secret);
}

/** Rejects the bytes that would make some characters likelier than others. */
function randomCharacters(count: number): string {
  const fair = 256 - (256 % ALPHABET.length);
  let characters = '';
  while (characters.length < count) {
    for (const byte of randomBytes(count)) {
      if (byte < fair && characters.length < count) characters += ALPHABET[byte % ALPHABET.length];
    }
  }
  return characters;
}

function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = ALPHABET[rest % ALPHABET.length] + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
