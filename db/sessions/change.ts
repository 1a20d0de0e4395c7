import { sql } from 'kysely';
import type { Database, Transaction } from '../database.ts';
import type { Client } from '../events.ts';
import { digest } from './digest.ts';
import { ANONYMOUS_SESSION_MINUTES, SESSION_HOURS } from './validity.ts';

/**
 * Keeps the session of a visitor who has not logged in, or prolongs it. Never changes one that has a
 * user or has ended, so a request that is still in flight can't restore a session.
 */
export async function keepAnonymousSession(
  db: Database,
  id: string,
  csrfSecret: string,
): Promise<void> {
  const expires_at = sql<Date>`now() + make_interval(mins => ${ANONYMOUS_SESSION_MINUTES})`;
  await db
    .insertInto('sessions')
    .values({ digest: digest(id), csrf_secret: csrfSecret, expires_at })
    .onConflict((conflict) =>
      conflict
        .column('digest')
        .doUpdateSet({ expires_at })
        .where('sessions.user_id', 'is', null)
        .where('sessions.ended_at', 'is', null),
    )
    .execute();
}

interface NewSession extends Client {
  id: string;
  userId: number;
  csrfSecret: string;
  /** Whether a code of two-factor authentication was accepted just now. */
  withCode?: boolean;
}

/** Begins a signed-in session. */
export async function insertSession(trx: Transaction, session: NewSession): Promise<void> {
  await trx
    .insertInto('sessions')
    .values({
      digest: digest(session.id),
      user_id: session.userId,
      csrf_secret: session.csrfSecret,
      expires_at: sql<Date>`now() + make_interval(hours => ${SESSION_HOURS})`,
      ip: session.ip,
      user_agent: session.userAgent,
      code_accepted_at: session.withCode ? sql<Date>`now()` : null,
      device_id: session.deviceId ?? null,
    })
    .execute();
}

/** Records that a code was accepted in a session. Returns false if the session has ended. */
export async function markCodeAccepted(trx: Transaction, id: string): Promise<boolean> {
  const marked = await trx
    .updateTable('sessions')
    .set({ code_accepted_at: sql<Date>`now()` })
    .where('digest', '=', digest(id))
    .where('ended_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return marked !== undefined;
}

/**
 * Ends the session `id` and continues it as `newId`, authenticated now. The absolute end stays.
 * Returns false and changes nothing if the session has ended meanwhile.
 */
export async function renewSession(trx: Transaction, id: string, newId: string): Promise<boolean> {
  const renewed = await trx
    .with('ended', (cte) =>
      cte
        .updateTable('sessions')
        .set({ ended_at: sql<Date>`now()` })
        .where('digest', '=', digest(id))
        .where('ended_at', 'is', null)
        .returningAll(),
    )
    .insertInto('sessions')
    .columns([
      'digest',
      'user_id',
      'csrf_secret',
      'created_at',
      'expires_at',
      'ip',
      'user_agent',
      'authenticated_at',
      'code_accepted_at',
      'device_id',
    ])
    .expression((eb) =>
      eb
        .selectFrom('ended')
        .select([
          sql<Buffer>`${digest(newId)}::bytea`.as('digest'),
          'user_id',
          'csrf_secret',
          'created_at',
          'expires_at',
          'ip',
          'user_agent',
          sql<Date>`now()`.as('authenticated_at'),
          'code_accepted_at',
          'device_id',
        ]),
    )
    .returning('digest')
    .executeTakeFirst();
  return renewed !== undefined;
}
