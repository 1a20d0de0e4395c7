import { createHash, randomBytes } from 'node:crypto';
import { Secret } from 'otpauth';

const SCRATCH_CODES = 10;
/** 80 bits, 16 characters of base32. */
const SCRATCH_CODE_BYTES = 10;
/** With spaces and dashes. */
const MAX_TYPED_LENGTH = 64;

export type TypedCode =
  | { kind: 'totp'; code: string }
  /** Its digest, as it is stored. */
  | { kind: 'scratch'; digest: Buffer };

/** New scratch codes, as they are shown. */
export function newScratchCodes(): string[] {
  return Array.from({ length: SCRATCH_CODES }, () => {
    const bytes = new Uint8Array(randomBytes(SCRATCH_CODE_BYTES));
    return new Secret({ buffer: bytes.buffer }).base32;
  });
}

/** SHA-256: 80 random bits need no slow hash. */
export function scratchCodeDigest(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}

/**
 * What somebody typed as a code: six digits, or a scratch code in any case, both with spaces and
 * dashes anywhere. Undefined for anything else.
 */
export function parseCode(typed: string): TypedCode | undefined {
  if (typed.length > MAX_TYPED_LENGTH) return undefined;
  const code = typed.replaceAll(/[\s-]/g, '').toUpperCase();
  if (/^\d{6}$/.test(code)) return { kind: 'totp', code };
  if (/^[A-Z2-7]{16}$/.test(code)) return { kind: 'scratch', digest: scratchCodeDigest(code) };
  return undefined;
}

/** In groups of four, so that people can read it. */
export function inGroups(text: string): string {
  return text.replaceAll(/(.{4})(?=.)/g, '$1 ');
}
