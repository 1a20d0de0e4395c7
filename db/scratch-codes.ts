// Scratch codes are used in place of codes of two-factor authentication, each once.
import type { Database, Transaction } from './database.ts';

/** Replaces the scratch codes of a user. */
export async function replaceScratchCodes(
  trx: Transaction,
  userId: number,
  digests: Buffer[],
): Promise<void> {
  await trx.deleteFrom('scratch_codes').where('user_id', '=', userId).execute();
  await trx
    .insertInto('scratch_codes')
    .values(digests.map((digest) => ({ user_id: userId, digest })))
    .execute();
}

/** Uses a scratch code up, in one statement. Returns false if the user has no such code (any more). */
export async function consumeScratchCode(
  db: Database,
  userId: number,
  digest: Buffer,
): Promise<boolean> {
  const consumed = await db
    .deleteFrom('scratch_codes')
    .where('user_id', '=', userId)
    .where('digest', '=', digest)
    .returning('user_id')
    .executeTakeFirst();
  return consumed !== undefined;
}

/** How many scratch codes a user has left; undefined without two-factor authentication. */
export async function countScratchCodes(db: Database, userId: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('two_factor')
    .leftJoin('scratch_codes', 'scratch_codes.user_id', 'two_factor.user_id')
    .select((eb) => eb.fn.count<number>('scratch_codes.digest').as('left'))
    .where('two_factor.user_id', '=', userId)
    .groupBy('two_factor.user_id')
    .executeTakeFirst();
  return row?.left;
}
