// What happened to a user's account while they were not here, for the home page.
import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { EventKind } from './event-kinds.ts';

/** Older events are in Activity only. */
export const MEANWHILE_DAYS = 14;
/** How many events of each kind are read: the newest. */
export const MAX_MEANWHILE_EVENTS = 100;
/** A success on the same device within this time shows that a failure was the user's own mistake. */
const OWN_MISTAKE_MINUTES = 5;

const changes = [
  'password changed',
  'two-factor enabled',
  'two-factor disabled',
  'scratch codes created',
  'scratch code used',
  'key made',
  'key rotated',
  'key removed',
  'key leaked',
] as const satisfies EventKind[];

const failures = [
  'failed log in',
  'failed authentication',
  'rate limited',
  'device failed',
  'failed code',
] as const satisfies EventKind[];

const successes = ['log in', 'authenticated'] as const satisfies EventKind[];

/** The most urgent first. */
export const meanwhileKinds = [...failures.toReversed(), ...changes];

export type MeanwhileKind = (typeof changes)[number] | (typeof failures)[number];

/** The events of one kind. */
export interface Meanwhile {
  kind: MeanwhileKind;
  /** How many; an event of the rate limit counts as all its attempts. */
  count: number;
  /** Whether MAX_MEANWHILE_EVENTS were read, so that there may be more. */
  isAtLeast: boolean;
  /** The id of the newest event; `at` and `ip` are of this event, too. */
  newestId: number;
  at: Date;
  ip: string | null;
}

/**
 * What happened to a user within MEANWHILE_DAYS, by kind. What was done on this device is left out, since the
 * user knows it. So are the user's own mistakes: failures on a known device that a success there follows. A
 * person who guesses has no known device, so a success hides none of these failures.
 *
 * @param deviceId the device of the request
 * @param dismissedId the newest event that the user has dismissed
 */
export async function listMeanwhile(
  db: Database,
  userId: number,
  deviceId: number | undefined,
  dismissedId = 0,
): Promise<Meanwhile[]> {
  const { rows } = await sql<Meanwhile>`
    with happened as materialized (
      select event.*, count(*) over (partition by event.kind) as read
      from unnest(${[...changes, ...failures, ...successes]}::text[]) as kinds (kind),
      lateral (
        select id, kind, at, ip, device_id, details from events
        where user_id = ${userId} and kind = kinds.kind and id > ${dismissedId}
        order by id desc limit ${sql.lit(MAX_MEANWHILE_EVENTS)}) event
      where at > now() - make_interval(days => ${sql.lit(MEANWHILE_DAYS)})
    )
    select kind,
      sum(coalesce((details ->> 'count')::int, 1))::int as count,
      min(read) = ${sql.lit(MAX_MEANWHILE_EVENTS)} as "isAtLeast",
      max(id) as "newestId",
      max(at) as at,
      (array_agg(host(ip) order by id desc))[1] as ip
    from happened
    where kind = any(${[...changes]}::text[])
        and (device_id = ${deviceId ?? null}::bigint) is not true
      or kind = any(${[...failures]}::text[]) and not exists (
        select from happened own
        where own.kind = any(${[...successes]}::text[])
          and own.id > happened.id
          and own.device_id = happened.device_id
          and own.at <= happened.at + make_interval(mins => ${sql.lit(OWN_MISTAKE_MINUTES)}))
    group by kind
    order by array_position(${meanwhileKinds}::text[], kind)`.execute(db);
  return rows;
}
