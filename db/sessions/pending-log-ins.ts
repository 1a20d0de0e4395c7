// Log ins whose password was right and whose code is still missing. Such a session has no user, so it
// opens nothing.
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '../database.ts';
import type { Client } from '../events.ts';
import { isPasswordLapsed } from '../users.ts';
import { digest } from './digest.ts';
import { ANONYMOUS_SESSION_MINUTES, isPendingInTime } from './validity.ts';

interface NewPendingLogIn extends Client {
  id: string;
  userId: number;
  csrfSecret: string;
  /** The log in can't be finished once this is no longer the digest of the user's password. */
  passwordDigest: string;
  /** From `newDeviceId`; undefined where the device is known. */
  deviceId: number | undefined;
}

/** Begins a session that waits for a user's code. It has no user, so it opens nothing. */
export async function insertPendingLogIn(trx: Transaction, logIn: NewPendingLogIn): Promise<void> {
  await trx
    .insertInto('sessions')
    .values({
      digest: digest(logIn.id),
      pending_user_id: logIn.userId,
      pending_password_sha256: sha256(sql`${logIn.passwordDigest}::text`),
      csrf_secret: logIn.csrfSecret,
      // Longer than it waits for the code: the log-in form may follow in the same session.
      expires_at: sql<Date>`now() + make_interval(mins => ${ANONYMOUS_SESSION_MINUTES})`,
      ip: logIn.ip,
      user_agent: logIn.userAgent,
      device_id: logIn.deviceId ?? null,
    })
    .execute();
}

/**
 * The user whose code a session waits for, if the log in can still be finished: it was begun within
 * PENDING_LOG_IN_MINUTES and has not ended, and the user is enabled and has the same password, which has
 * not lapsed, and two-factor authentication. The caller has locked the user's row.
 */
export async function findPendingUser(trx: Transaction, id: string) {
  return trx
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.pending_user_id')
    .innerJoin('two_factor', 'two_factor.user_id', 'users.id')
    .select(['users.id', 'users.username', 'users.password_digest as passwordDigest'])
    .where('sessions.digest', '=', digest(id))
    .where('sessions.ended_at', 'is', null)
    .where(isPendingInTime)
    .where('users.disabled_at', 'is', null)
    .where(({ not }) => not(isPasswordLapsed))
    .where('sessions.pending_password_sha256', '=', sha256(sql.ref('users.password_digest')))
    .executeTakeFirst();
}

function sha256(text: RawBuilder<unknown>) {
  return sql<Buffer>`sha256(convert_to(${text}, 'UTF8'))`;
}
