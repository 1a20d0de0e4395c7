import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Database, Transaction } from './database.ts';
import type { Client } from './events.ts';
import { statement, type Value } from './statement.ts';
import { currentTimeZone } from './time-zones.ts';
import { isPasswordLapsed, isPasswordTemporary } from './users.ts';

/** A signed-in session ends after this long without a request … */
export const SESSION_IDLE_MINUTES = 30;
/** … and this long after log in, however active it is. */
export const SESSION_HOURS = 12;
/** The log-in form needs a session for its CSRF secret; this is how long it waits. */
export const ANONYMOUS_SESSION_MINUTES = 15;
/** How long `Authenticate` unlocks the profile; fixed, not sliding. */
export const REAUTHENTICATION_MINUTES = 10;
/** How long a code of two-factor authentication counts for the session in which it was entered. */
export const CODE_MINUTES = 10;
/** How long a log in waits for the code after the password. */
export const PENDING_LOG_IN_MINUTES = 5;

export interface Session {
  csrfSecret: string;
  /** Absent before log in. */
  user: SignedInUser | undefined;
  /** Whether the password was given again in the last REAUTHENTICATION_MINUTES. */
  recentlyAuthenticated: boolean;
  /** Whether it was given within that time, be it at log in or again. */
  isPasswordRecent: boolean;
  /** When that ends, and the seconds until then by the database's clock; undefined once it has. */
  lock: { at: Date; seconds: number } | undefined;
  /** Whether the user has two-factor authentication, and no code within the last CODE_MINUTES. */
  needsCode: boolean;
  /** The device on which the user logged in, or that will be known once the code is right. */
  deviceId: number | undefined;
  /** The log in that waits for its code, and whether it has waited too long; absent where none does. */
  pendingLogIn: { userId: number; isOver: boolean } | undefined;
}

export interface SignedInUser {
  id: number;
  username: string;
  email: string | null;
  /** An IANA name such as `Europe/Berlin`. */
  timeZone: string;
  isPasswordTemporary: boolean;
  hasTwoFactor: boolean;
  previousLogIn: { at: Date; ip: string | null } | undefined;
}

/**
 * The session of an id, if it is still valid by the database's clock. Its user is joined in.
 *
 * @param prolong whether this counts as a request, after which it stays valid for some time.
 */
export async function findSession(
  db: Database,
  id: string,
  { prolong = true } = {},
): Promise<Session | undefined> {
  const [row] = await findValidSession(db, { digest: digest(id) });
  if (row === undefined) return undefined;
  if (prolong && row.seen_is_stale) await markSeen(db, id);
  return {
    csrfSecret: row.csrf_secret,
    user: toSignedInUser(row),
    recentlyAuthenticated: row.locks_at !== null,
    isPasswordRecent: row.is_password_recent,
    lock: row.locks_at === null ? undefined : { at: row.locks_at, seconds: row.locks_in },
    needsCode: row.needs_code,
    deviceId: row.device_id ?? undefined,
    pendingLogIn:
      row.pending_user_id === null
        ? undefined
        : { userId: row.pending_user_id, isOver: !row.is_pending_in_time },
  };
}

const findValidSession = statement('find session', (db, value: Value<{ digest: Buffer }>) =>
  db
    .selectFrom('sessions')
    .leftJoin('users', 'users.id', 'sessions.user_id')
    .leftJoin('two_factor', 'two_factor.user_id', 'sessions.user_id')
    .select([
      'sessions.csrf_secret',
      'sessions.pending_user_id',
      'sessions.device_id',
      'users.id',
      'users.username',
      'users.email',
      'users.time_zone',
      'users.previous_log_in_at',
      'users.previous_log_in_ip',
      isPasswordTemporary.as('is_password_temporary'),
      sql<boolean>`two_factor.user_id is not null`.as('has_two_factor'),
      sql<Date | null>`case when ${locksAt} > now() then ${locksAt} end`.as('locks_at'),
      sql<number>`ceil(extract(epoch from ${locksAt} - now()))::bigint`.as('locks_in'),
      isPasswordRecent.as('is_password_recent'),
      sql<boolean>`sessions.seen_at < now() - interval '1 minute'`.as('seen_is_stale'),
      hasNoRecentCode.as('needs_code'),
      isPendingInTime.as('is_pending_in_time'),
    ])
    .where('sessions.digest', '=', value('digest'))
    .where(isValid)
    .compile(),
);

/** As `needsCode` of `findSession`, read again. */
export async function needsCode(db: Database, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('sessions')
    .leftJoin('two_factor', 'two_factor.user_id', 'sessions.user_id')
    .select(hasNoRecentCode.as('needs_code'))
    .where('sessions.digest', '=', digest(id))
    .executeTakeFirst();
  return row?.needs_code ?? true;
}

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

/** Deletes sessions past their absolute end. Until then ended ones stay, so their ids stay used up. */
export async function sweepSessions(db: Database): Promise<void> {
  await db.deleteFrom('sessions').where('expires_at', '<', sql<Date>`now()`).execute();
}

/** Only the SHA-256 is stored, so reading the table does not help to take over a session. */
export function digest(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}

async function markSeen(db: Database, id: string): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ seen_at: sql<Date>`now()` })
    .where('digest', '=', digest(id))
    .execute();
}

/**
 * Of a session joined with its user, if it has one: not ended, not idle too long, not disabled. It ends
 * when a temporary password lapses, too: it could not be changed any more.
 */
export const isValid = sql<boolean>`
  sessions.ended_at is null
  and sessions.expires_at > now()
  and (sessions.user_id is null or (
    users.disabled_at is null
    and not ${isPasswordLapsed}
    and sessions.seen_at > now() - make_interval(mins => ${sql.lit(SESSION_IDLE_MINUTES)})))`;

const locksAt = sql<Date>`
  sessions.authenticated_at + make_interval(mins => ${sql.lit(REAUTHENTICATION_MINUTES)})`;

/** The log in of a session that was renewed is older than the session: `created_at` is kept. */
const isPasswordRecent = sql<boolean>`
  sessions.user_id is not null and greatest(sessions.created_at, sessions.authenticated_at)
    > now() - make_interval(mins => ${sql.lit(REAUTHENTICATION_MINUTES)})`;

const hasNoRecentCode = sql<boolean>`two_factor.user_id is not null and coalesce(
  sessions.code_accepted_at <= now() - make_interval(mins => ${sql.lit(CODE_MINUTES)}), true)`;

/** From the beginning, whatever prolongs the session itself. */
export const isPendingInTime = sql<boolean>`
  sessions.created_at > now() - make_interval(mins => ${sql.lit(PENDING_LOG_IN_MINUTES)})`;

interface JoinedUser {
  id: number | null;
  username: string | null;
  email: string | null;
  time_zone: string | null;
  previous_log_in_at: Date | null;
  previous_log_in_ip: string | null;
  is_password_temporary: boolean;
  has_two_factor: boolean;
}

function toSignedInUser(row: JoinedUser): SignedInUser | undefined {
  if (row.id === null || row.username === null || row.time_zone === null) return undefined;
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    timeZone: currentTimeZone(row.time_zone),
    isPasswordTemporary: row.is_password_temporary,
    hasTwoFactor: row.has_two_factor,
    previousLogIn: row.previous_log_in_at
      ? { at: row.previous_log_in_at, ip: row.previous_log_in_ip }
      : undefined,
  };
}
