import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { statement, type Value } from '../statement.ts';
import { currentTimeZone } from '../time-zones.ts';
import { isPasswordTemporary } from '../users.ts';
import { digest } from './digest.ts';
import {
  hasNoRecentCode,
  isPasswordRecent,
  isPendingInTime,
  isValid,
  locksAt,
} from './validity.ts';

export interface Session {
  csrfSecret: string;
  /** Absent before log in. */
  user: SignedInUser | undefined;
  /** Whether the password was given again in the last REAUTHENTICATION_MINUTES. */
  recentlyAuthenticated: boolean;
  /** Whether it was given in that time, at log in or again. */
  isPasswordRecent: boolean;
  /** When `recentlyAuthenticated` ends, and the seconds until then; undefined where it is false. */
  lock: { at: Date; seconds: number } | undefined;
  /** Whether the user has two-factor authentication, and no code within the last CODE_MINUTES. */
  needsCode: boolean;
  /** The device on which the user logged in, or that will be known once the code is right. */
  deviceId: number | undefined;
  /** The log in that waits for its code, and whether it has waited too long; undefined where none waits. */
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

async function markSeen(db: Database, id: string): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ seen_at: sql<Date>`now()` })
    .where('digest', '=', digest(id))
    .execute();
}

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
