// Who has two-factor authentication, and which codes were used. Secrets are encrypted before they
// come here.
import { sql } from 'kysely';
import type { Database, Transaction } from './database.ts';
import { forgetDevices } from './devices.ts';

/** How long the secret of somebody who enables two-factor authentication waits for a first code. */
const PENDING_SECRET_MINUTES = 15;
/** Each code is valid for a step of this many seconds (RFC 6238). */
export const STEP_SECONDS = 30;
/** How many steps the clock of a phone may be wrong by, in either direction. */
export const TOLERATED_STEPS = 1;

interface KeptSecret {
  secret: Buffer;
  /** The time step of the database's clock. */
  step: number;
}

/** The number of the current time step, by the database's clock. */
const currentStep = sql<number>`floor(extract(epoch from now()) / ${sql.lit(STEP_SECONDS)})::bigint`;

/**
 * Keeps a secret until its user enters a first code; it replaces one that was kept before. Returns
 * false if the user has enabled two-factor authentication already.
 */
export async function keepPendingSecret(
  db: Database,
  userId: number,
  secret: Buffer,
): Promise<boolean> {
  const kept = await db
    .insertInto('pending_two_factor')
    .columns(['user_id', 'secret'])
    .expression((eb) =>
      eb
        .selectFrom('users')
        .select(['id', sql<Buffer>`${secret}::bytea`.as('secret')])
        .where('id', '=', userId)
        .where('id', 'not in', eb.selectFrom('two_factor').select('user_id')),
    )
    .onConflict((conflict) =>
      conflict.column('user_id').doUpdateSet({ secret, created_at: sql<Date>`now()` }),
    )
    .returning('user_id')
    .executeTakeFirst();
  return kept !== undefined;
}

/** The secret that waits for a first code. */
export async function findPendingSecret(
  db: Database,
  userId: number,
): Promise<KeptSecret | undefined> {
  return db
    .selectFrom('pending_two_factor')
    .select(['secret', currentStep.as('step')])
    .where('user_id', '=', userId)
    .where('created_at', '>', pendingSince)
    .executeTakeFirst();
}

/** Deletes secrets whose users did not enter a code in time. */
export async function sweepPendingSecrets(db: Database): Promise<void> {
  await db.deleteFrom('pending_two_factor').where('created_at', '<=', pendingSince).execute();
}

/**
 * Enables two-factor authentication with the pending secret, and forgets the user's devices. The caller
 * has locked the user's row.
 *
 * @param secret as `findPendingSecret` returned it
 * @param step of the code that was entered; it can't be used again
 */
export async function enableTwoFactor(
  trx: Transaction,
  userId: number,
  secret: Buffer,
  step: number,
): Promise<void> {
  await trx.deleteFrom('pending_two_factor').where('user_id', '=', userId).execute();
  await trx.insertInto('two_factor').values({ user_id: userId, secret, last_step: step }).execute();
  await forgetDevices(trx, userId);
}

/**
 * Disables two-factor authentication, deletes the scratch codes, and forgets the user's devices. Returns
 * false if it was not enabled.
 */
export async function disableTwoFactor(trx: Transaction, userId: number): Promise<boolean> {
  const disabled = await trx
    .deleteFrom('two_factor')
    .where('user_id', '=', userId)
    .returning('user_id')
    .executeTakeFirst();
  if (disabled === undefined) return false;
  await forgetDevices(trx, userId);
  return true;
}

/** Whether a user has enabled two-factor authentication, whether or not the secret can be decrypted. */
export async function hasTwoFactor(db: Database, userId: number): Promise<boolean> {
  return (await findSecret(db, userId)) !== undefined;
}

/** The secret of a user who has enabled two-factor authentication. */
export async function findSecret(db: Database, userId: number): Promise<KeptSecret | undefined> {
  return db
    .selectFrom('two_factor')
    .select(['secret', currentStep.as('step')])
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

/**
 * Accepts the code of a time step, once for each user: in one statement, by the database's clock.
 * Returns false for a step that was accepted before, and for one before it.
 */
export async function acceptStep(db: Database, userId: number, step: number): Promise<boolean> {
  const accepted = await db
    .updateTable('two_factor')
    .set({ last_step: step })
    .where('user_id', '=', userId)
    .where('last_step', '<', step)
    .where(sql<boolean>`abs(${step}::bigint - ${currentStep}) <= ${sql.lit(TOLERATED_STEPS)}`)
    .returning('user_id')
    .executeTakeFirst();
  return accepted !== undefined;
}

/** Replaces a secret by the same one, encrypted with another key. False if it was replaced already. */
export async function replaceSecret(
  db: Database,
  userId: number,
  secret: Buffer,
  reEncrypted: Buffer,
): Promise<boolean> {
  const replaced = await db
    .updateTable('two_factor')
    .set({ secret: reEncrypted })
    .where('user_id', '=', userId)
    .where('secret', '=', secret)
    .returning('user_id')
    .executeTakeFirst();
  return replaced !== undefined;
}

/** The secrets that another key than this one has encrypted, with their users. */
export async function listSecretsOfOtherKeys(db: Database, keyId: Buffer) {
  return db
    .selectFrom('two_factor')
    .innerJoin('users', 'users.id', 'two_factor.user_id')
    .select(['users.id as userId', 'users.username', 'two_factor.secret'])
    .where(sql`substring(two_factor.secret for ${keyId.length}::int)`, '<>', keyId)
    .orderBy('users.username')
    .execute();
}

/** Whether anyone has enabled two-factor authentication. */
export async function hasTwoFactorUsers(db: Database): Promise<boolean> {
  const row = await db.selectFrom('two_factor').select('user_id').limit(1).executeTakeFirst();
  return row !== undefined;
}

const pendingSince = sql<Date>`now() - make_interval(mins => ${sql.lit(PENDING_SECRET_MINUTES)})`;
