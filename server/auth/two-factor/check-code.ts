import type { Database } from '../../../db/database.ts';
import type { Client } from '../../../db/events.ts';
import { rememberAddress } from '../../../db/known-addresses.ts';
import { hasTwoFactor } from '../../../db/two-factor.ts';
import { lockUser, type User } from '../../../db/users.ts';
import { acceptCode, type CodeOutcome } from './accept-code.ts';
import type { Encryption } from './encryption.ts';

/**
 * Checks the code that a program sends beside a right password, and makes its address a known one of
 * the user. Scratch codes are for people only.
 *
 * @returns `right` too where the user has no two-factor authentication; undefined where the user was
 *   disabled, or the password changed, meanwhile
 */
export async function checkCode(
  { db, encryption }: { db: Database; encryption: Encryption | undefined },
  user: User,
  code: string,
  from: Client,
): Promise<CodeOutcome | undefined> {
  return db.transaction().execute(async (trx) => {
    if (!(await lockUser(trx, user.id, user.passwordDigest))) return undefined;
    const accepted = (await hasTwoFactor(trx, user.id))
      ? await acceptCode(trx, encryption, user, code, from, { scratchCodes: false })
      : ({ outcome: 'right' } as const);
    if (accepted.outcome === 'right') await rememberAddress(trx, user, from.ip);
    return accepted;
  });
}
