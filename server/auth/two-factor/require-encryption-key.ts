import type { Database } from '../../../db/database.ts';
import { OperatorError } from '../../../db/errors.ts';
import { hasTwoFactorUsers } from '../../../db/two-factor.ts';

/**
 * Without a key the app runs as long as no user has two-factor authentication.
 *
 * @throws {OperatorError} where one has: the codes could not be checked
 */
export async function requireEncryptionKey(db: Database, keys: string[]): Promise<void> {
  if (keys.length > 0 || !(await hasTwoFactorUsers(db))) return;
  throw new OperatorError(
    'ENCRYPTION_KEY is not set, but there are users with two-factor authentication, whose codes ' +
      'cannot be checked without it. Set it (or ENCRYPTION_KEY_FILE) to the key that they enabled it ' +
      'with.',
  );
}
