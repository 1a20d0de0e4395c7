import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { isKnown, isTrusted } from '../devices.ts';
import { digest } from './digest.ts';
import { MAX_SESSIONS, openSessions } from './open.ts';

/** Where a user is signed in, is known, or both. */
export interface SignIn {
  /** The id of the open session on the page (not the session id); null where the user is signed out. */
  sessionId: number | null;
  /** Whether it is the session of this request. */
  isCurrent: boolean;
  /** The id of the known device; null where it is unknown. */
  deviceId: number | null;
  /** Null where the device is not trusted. */
  trustedUntil: Date | null;
  ip: string | null;
  userAgent: string;
  /** The last request of the session; without one, the last log in on the device. */
  seenAt: Date;
  /** The database's clock when this was read. */
  readAt: Date;
}

/**
 * The open sessions of a user, last seen first, and then the known devices without one, the last log in
 * first; at most MAX_SESSIONS and MAX_DEVICES.
 */
export async function listSignIns(
  db: Database,
  userId: number,
  currentId: string,
): Promise<SignIn[]> {
  return db
    .selectFrom(openSessions(db, userId).selectAll('sessions').limit(MAX_SESSIONS).as('session'))
    .fullJoin(
      (eb) =>
        eb
          .selectFrom('devices')
          .selectAll()
          .select(sql<Date | null>`case when ${isTrusted} then trusted_until end`.as('trust_end'))
          .where('user_id', '=', userId)
          .where(isKnown)
          .as('device'),
      (join) => join.onRef('device.id', '=', 'session.device_id'),
    )
    .select([
      'session.id as sessionId',
      sql<boolean>`coalesce(session.digest = ${digest(currentId)}, false)`.as('isCurrent'),
      'device.id as deviceId',
      'device.trust_end as trustedUntil',
      sql<Date>`coalesce(session.seen_at, device.logged_in_at)`.as('seenAt'),
      sql<string | null>`coalesce(session.ip, device.ip)`.as('ip'),
      sql<string>`coalesce(session.user_agent, device.user_agent, '')`.as('userAgent'),
      sql<Date>`now()`.as('readAt'),
    ])
    .orderBy('session.seen_at', (order) => order.desc().nullsLast())
    .orderBy('session.id', 'desc')
    .orderBy('device.logged_in_at', 'desc')
    .orderBy('device.id', 'desc')
    .execute();
}
