// How long a session is valid, and how long a password or code counts in it, by the database's clock.
import { sql } from 'kysely';
import { isPasswordLapsed } from '../users.ts';

/** A signed-in session ends after this long without a request … */
export const SESSION_IDLE_MINUTES = 30;
/** … and this long after log in, however active it is. */
export const SESSION_HOURS = 12;
/** The log-in form needs a session for its CSRF secret; this is how long that session is valid. */
export const ANONYMOUS_SESSION_MINUTES = 15;
/** How long `Authenticate` unlocks the profile; fixed, not sliding. */
export const REAUTHENTICATION_MINUTES = 10;
/** How long a code of two-factor authentication counts for the session in which it was entered. */
const CODE_MINUTES = 10;
/** How long a log in waits for the code after the password. */
const PENDING_LOG_IN_MINUTES = 5;

/**
 * Whether a session, joined with its user if it has one, is valid: it has not ended and was not idle too
 * long, and the user is not disabled. It also ends when a temporary password lapses, which could not be
 * changed any more.
 */
export const isValid = sql<boolean>`
  sessions.ended_at is null
  and sessions.expires_at > now()
  and (sessions.user_id is null or (
    users.disabled_at is null
    and not ${isPasswordLapsed}
    and sessions.seen_at > now() - make_interval(mins => ${sql.lit(SESSION_IDLE_MINUTES)})))`;

export const locksAt = sql<Date>`
  sessions.authenticated_at + make_interval(mins => ${sql.lit(REAUTHENTICATION_MINUTES)})`;

/** The log in of a session that was renewed is older than the session: `created_at` is kept. */
export const isPasswordRecent = sql<boolean>`
  sessions.user_id is not null and greatest(sessions.created_at, sessions.authenticated_at)
    > now() - make_interval(mins => ${sql.lit(REAUTHENTICATION_MINUTES)})`;

export const hasNoRecentCode = sql<boolean>`two_factor.user_id is not null and coalesce(
  sessions.code_accepted_at <= now() - make_interval(mins => ${sql.lit(CODE_MINUTES)}), true)`;

/** Counted from the beginning of the session, whatever prolongs the session itself. */
export const isPendingInTime = sql<boolean>`
  sessions.created_at > now() - make_interval(mins => ${sql.lit(PENDING_LOG_IN_MINUTES)})`;
