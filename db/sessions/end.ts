import { sql } from 'kysely';
import type { Database, Transaction } from '../database.ts';
import { type Client, insertEvent } from '../events.ts';
import { lockUserById } from '../users.ts';
import { digest } from './digest.ts';
import { MAX_SESSIONS, openSessions } from './open.ts';

/** Ends a session permanently. Returns false if it had already ended. */
export async function endSession(db: Database, id: string): Promise<boolean> {
  const ended = await db
    .updateTable('sessions')
    .set({ ended_at: sql<Date>`now()` })
    .where('digest', '=', digest(id))
    .where('ended_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return ended !== undefined;
}

/**
 * Ends the session `id` and all that renewed it: the sessions of one log in share a CSRF secret.
 * Returns false if all of them had already ended.
 */
export async function endLogIn(db: Database, id: string): Promise<boolean> {
  const ended = await db
    .updateTable('sessions')
    .from('sessions as presented')
    .set({ ended_at: sql<Date>`now()` })
    .where('presented.digest', '=', digest(id))
    .whereRef('sessions.user_id', '=', 'presented.user_id')
    .whereRef('sessions.csrf_secret', '=', 'presented.csrf_secret')
    .where('sessions.ended_at', 'is', null)
    .returning('sessions.id')
    .execute();
  return ended.length > 0;
}

/**
 * Ends the least recently seen sessions of a user beyond MAX_SESSIONS. Returns how many. The caller
 * has locked the user's row, so that concurrent log ins count each other.
 */
export async function endExcessSessions(trx: Transaction, userId: number): Promise<number> {
  const ended = await trx
    .updateTable('sessions')
    .set({ ended_at: sql<Date>`now()` })
    .where('id', 'in', openSessions(trx, userId).select('sessions.id').offset(MAX_SESSIONS))
    .returning('id')
    .execute();
  return ended.length;
}

/** Signs a user out of one session. Returns false if it is another user's or has ended. */
export async function signOutSession(
  db: Database,
  userId: number,
  sessionId: number,
  from: Client,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await lockUserById(trx, userId);
    const ended = await trx
      .updateTable('sessions')
      .set({ ended_at: sql<Date>`now()` })
      .where('id', '=', sessionId)
      .where('user_id', '=', userId)
      .where('ended_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (ended === undefined) return false;
    await insertEvent(trx, { kind: 'signed out', userId, ...from });
    return true;
  });
}

/** Signs a user out of every session except one. */
export async function signOutElsewhere(
  db: Database,
  userId: number,
  currentId: string,
  from: Client,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockUserById(trx, userId);
    await endOtherSessions(trx, userId, currentId);
    await insertEvent(trx, { kind: 'signed out elsewhere', userId, ...from });
  });
}

/** Ends every session of a user except one. */
export async function endOtherSessions(
  trx: Transaction,
  userId: number,
  currentId: string,
): Promise<void> {
  await trx
    .updateTable('sessions')
    .set({ ended_at: sql<Date>`now()` })
    .where('user_id', '=', userId)
    .where('digest', '<>', digest(currentId))
    .where('ended_at', 'is', null)
    .execute();
}

/** Ends every session of a user. */
export async function endSessionsOf(db: Database, username: string): Promise<void> {
  await db
    .updateTable('sessions')
    .from('users')
    .set({ ended_at: sql<Date>`now()` })
    .whereRef('users.id', '=', 'sessions.user_id')
    .where(sql`lower(users.username)`, '=', username.toLowerCase())
    .where('ended_at', 'is', null)
    .execute();
}

/** Deletes sessions past their absolute end. Until then ended ones stay, so their ids stay used up. */
export async function sweepSessions(db: Database): Promise<void> {
  await db.deleteFrom('sessions').where('expires_at', '<', sql<Date>`now()`).execute();
}
