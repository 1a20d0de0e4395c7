import { createHash } from 'node:crypto';

/** Only the SHA-256 is stored, so reading the table does not help to take over a session. */
export function digest(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}
