import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { claimFolder, useFolder } from '../../db/data-folder.ts';

const SECRET_LENGTH = 32;

/** Empty where none is set, which only the embedded database allows. */
export function parseSecrets(
  value: string | undefined,
  databaseUrl: string | undefined,
  problems: string[],
): string[] {
  if (value === undefined) {
    if (databaseUrl !== undefined) {
      problems.push(
        'SESSION_SECRET is required with DATABASE_URL: all instances have to share it.',
      );
    }
    return [];
  }
  const secrets = value.split(',').map((secret) => secret.trim());
  if (secrets.some((secret) => secret.length < SECRET_LENGTH)) {
    problems.push(`SESSION_SECRET: each secret needs at least ${SECRET_LENGTH} characters.`);
  }
  return secrets;
}

/**
 * The embedded database has one process, so its secret can live beside it. Made at the first call.
 *
 * @throws {FolderUnusable}
 */
export function keptSecret(folder: string): string {
  const file = path.join(folder, 'session-secret');
  claimFolder(folder);
  return useFolder(folder, () => {
    const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (kept.length >= SECRET_LENGTH) return kept;
    // Under another name first: a crash must not leave half a secret.
    const made = randomBytes(48).toString('base64url');
    writeFileSync(`${file}.new`, made, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return made;
  });
}
