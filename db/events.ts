import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { EventDetails, EventKind } from './event-kinds.ts';
import { deleteOldRows } from './sweep.ts';

/** Who sent a request: the client's IP address, if known, and its User-Agent. */
export interface Client {
  ip: string | null;
  userAgent: string;
  /** The known device of the user that the request came from, if any. */
  deviceId?: number | undefined;
}

interface Event extends Client {
  kind: EventKind;
  /** Absent when no known user was involved, as in a log in under an unknown name. */
  userId?: number | undefined;
  keyId?: number;
  details?: EventDetails;
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
      device_id: event.deviceId ?? null,
      details: event.details ?? {},
    })
    .execute();
}

/** Deletes the events that are older than some days; 0 keeps them for ever. */
export async function sweepEvents(db: Database, retentionDays: number): Promise<void> {
  if (retentionDays === 0) return;
  await deleteOldRows(db, 'events', sql.ref('at'), retentionDays);
}
