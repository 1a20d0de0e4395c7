import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { EventDetails, EventKind } from './event-kinds.ts';
import { deleteOldRows } from './sweep.ts';

/** Who sent a request: the client's IP address, if known, and its User-Agent. */
export interface Client {
  ip: string | null;
  userAgent: string;
}

interface Event extends Client {
  kind: EventKind;
  /** Absent when no known user was involved, as in a login under an unknown name. */
  userId?: number | undefined;
  keyId?: number;
  details?: EventDetails;
}

/** After a failed code, a right one from the same place shows within this time who it was. */
const OWN_MISTAKE_MINUTES = 5;

/**
 * When somebody last knew a user's password but not the code, since the visit before this one.
 * Mistakes of the user are left out: they are followed by a right code from the same place.
 */
export async function findFailedCode(
  db: Database,
  userId: number,
): Promise<{ at: Date; ip: string | null } | undefined> {
  return db
    .selectFrom('events as failed')
    .innerJoin('users', 'users.id', 'failed.user_id')
    .select(['failed.at', 'failed.ip'])
    .where('failed.user_id', '=', userId)
    .where('failed.kind', '=', sql.lit<EventKind>('failed code'))
    .where(sql<boolean>`failed.at > coalesce(users.previous_log_in_at, '-infinity')`)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('events as own')
            .select('own.id')
            .whereRef('own.user_id', '=', 'failed.user_id')
            .whereRef('own.id', '>', 'failed.id')
            .where('own.kind', 'in', ['log in', 'authenticated'])
            .where(sql<boolean>`own.ip is not distinct from failed.ip`)
            .whereRef('own.user_agent', '=', 'failed.user_agent')
            .where(sql<boolean>`own.at <=
              failed.at + make_interval(mins => ${sql.lit(OWN_MISTAKE_MINUTES)})`),
        ),
      ),
    )
    .orderBy('failed.id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/**
 * Records that an attempt to log in or to authenticate was refused by the rate limit. The attempts on a
 * user from a network (CIDR) within an hour are one event, which counts them: it must not cost more to
 * refuse an attempt than to send it. An unknown name has no events.
 */
export async function recordRateLimited(
  db: Database,
  username: string,
  network: string | undefined,
  from: Client,
): Promise<void> {
  await db
    // For an unknown name nothing is written. The commit does not wait for the disk, or the time of the
    // answer would tell known names from unknown ones. A crash may lose some of the count.
    .with('unsynchronized', (cte) =>
      cte.selectNoFrom(sql`set_config('synchronous_commit', 'off', true)`.as('setting')),
    )
    .insertInto('events')
    .columns(['kind', 'user_id', 'ip', 'user_agent', 'details'])
    .expression((eb) =>
      eb
        .selectFrom(['users', 'unsynchronized'])
        .select([
          sql.lit<EventKind>('rate limited').as('kind'),
          'users.id',
          sql`${from.ip}::inet`.as('ip'),
          sql`${from.userAgent}`.as('user_agent'),
          sql`${JSON.stringify({ count: 1, network })}::jsonb`.as('details'),
        ])
        .where(sql`lower(users.username)`, '=', username.toLowerCase()),
    )
    .onConflict((conflict) =>
      conflict
        .expression(
          sql`user_id, coalesce(details ->> 'network', ''), date_trunc('hour', at at time zone 'UTC')`,
        )
        .where('kind', '=', sql.lit<EventKind>('rate limited'))
        .doUpdateSet({
          details: sql`events.details
            || jsonb_build_object('count', (events.details ->> 'count')::int + 1)`,
        }),
    )
    .execute();
}

/** Inserts an event. Pass the transaction of the change that it records. */
export async function insertEvent(db: Database, event: Event): Promise<void> {
  await db
    .insertInto('events')
    .values({
      kind: event.kind,
      user_id: event.userId ?? null,
      key_id: event.keyId ?? null,
      ip: event.ip,
      user_agent: event.userAgent,
      details: event.details ?? {},
    })
    .execute();
}

/** Deletes the events that are older than some days; 0 keeps them for ever. */
export async function sweepEvents(db: Database, retentionDays: number): Promise<void> {
  if (retentionDays === 0) return;
  await deleteOldRows(db, 'events', sql.ref('at'), retentionDays);
}
