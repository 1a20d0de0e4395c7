import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { STEP_SECONDS, TOLERATED_STEPS } from '../../../db/two-factor.ts';

/** What authenticator apps show above the code. */
const ISSUER = 'Linode Manager';
/** As long as a SHA-1 digest, which RFC 4226 recommends. */
const SECRET_BYTES = 20;

/** A new secret for the codes of a user. */
export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/**
 * The time step that a code belongs to; undefined where it is wrong.
 *
 * @param code six digits
 * @param step the current one; TOLERATED_STEPS before and after it are tried too
 */
export function stepOfCode(secret: Buffer, code: string, step: number): number | undefined {
  const timestamp = step * STEP_SECONDS * 1_000;
  const difference = totp(secret).validate({ token: code, timestamp, window: TOLERATED_STEPS });
  return difference === null ? undefined : step + difference;
}

/** The code of a time step. */
export function codeOfStep(secret: Buffer, step: number): string {
  return totp(secret).generate({ timestamp: step * STEP_SECONDS * 1_000 });
}

/** The secret in base32, as people type it into their apps. */
export function typedSecret(secret: Buffer): string {
  return toSecret(secret).base32;
}

/** What the QR code contains: a key URI, which authenticator apps read. */
export function keyUri(secret: Buffer, username: string): string {
  return totp(secret, username).toString();
}

/** RFC 6238 as all apps understand it: SHA-1 and six digits. */
function totp(secret: Buffer, label = ''): TOTP {
  return new TOTP({
    issuer: ISSUER,
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: STEP_SECONDS,
    secret: toSecret(secret),
  });
}

function toSecret(secret: Buffer): Secret {
  // A Buffer may be part of a larger ArrayBuffer.
  return new Secret({ buffer: new Uint8Array(secret).buffer });
}
