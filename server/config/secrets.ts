import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { claimFolder, useFolder } from '../../db/data-folder.ts';

const SECRET_LENGTH = 32;

/** The secrets in the value of a setting, comma-separated; empty where it is not set. */
export function parseSecrets(
  setting: string,
  value: string | undefined,
  problems: string[],
): string[] {
  if (value === undefined) return [];
  const secrets = value.split(',').map((secret) => secret.trim());
  if (secrets.some((secret) => secret.length < SECRET_LENGTH)) {
    problems.push(`${setting}: each secret needs at least ${SECRET_LENGTH} characters.`);
  }
  return secrets;
}

/**
 * A secret in a file beside the embedded database, which has one process. Created at the first call.
 *
 * @throws {FolderUnusable}
 */
export function keptSecret(folder: string, name: 'session-secret' | 'encryption-key'): string {
  const file = path.join(folder, name);
  claimFolder(folder);
  return useFolder(folder, () => {
    const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (kept.length >= SECRET_LENGTH) return kept;
    // Under another name first: a crash must not leave half a secret.
    const made = randomBytes(48).toString('base64url');
    writeFileSync(`${file}.new`, made, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
    return made;
  });
}
