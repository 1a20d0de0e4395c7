import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { claimFolder, useFolder } from '../../db/data-folder.ts';

const MIN_CHARACTERS = 32;

/** The secrets in the value of a setting, comma-separated; empty where it is not set. */
export function parseSecrets(
  setting: string,
  value: string | undefined,
  problems: string[],
): string[] {
  if (value === undefined) return [];
  const secrets = value.split(',').map((secret) => secret.trim());
  if (secrets.some((secret) => secret.length < MIN_CHARACTERS)) {
    problems.push(`${setting}: each secret needs at least ${MIN_CHARACTERS} characters.`);
  }
  return secrets;
}

/**
 * A secret that is kept in the folder of the embedded database, which only one process uses. Created at
 * the first call.
 *
 * @throws {FolderUnusable} where the folder or the file can't be used.
 */
export function keptSecret(folder: string, name: 'session-secret' | 'encryption-key'): string {
  const file = path.join(folder, name);
  claimFolder(folder);
  return useFolder(folder, () => {
    const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (kept.length >= MIN_CHARACTERS) return kept;
    // Written under another name first, so that a crash leaves no half of a secret.
    const made = randomBytes(48).toString('base64url');
    writeFileSync(`${file}.new`, made, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
    return made;
  });
}
