// When keys expire, by the database's clock and calendar.
import { type Expression, sql } from 'kysely';
import type { Database } from '../database.ts';

/** The lifetime of a key: hours, or calendar days or months in its owner's time zone. */
export type Lifetime = { hours: number } | { days: number } | { months: number };

/** An expiry that a person chose: a lifetime from now on, or a date. */
export type NewExpiry =
  /** Null: never expires. */
  | { lifetime: Lifetime | null }
  /** A date and time of the owner's time zone that exists in the calendar: `2014-12-31T23:59`. */
  | { at: string };

/** No key can be given a date that is further away. */
export const MAX_EXPIRY_YEARS = 10;

export type ExpiryProblem = 'past' | 'too far';

/** The time of an expiry as an expression, or why it is refused. */
export async function resolveExpiry(
  db: Database,
  expiry: NewExpiry,
  timeZone: string,
): Promise<{ value: Expression<Date | null> } | { problem: ExpiryProblem }> {
  if ('lifetime' in expiry) return { value: after(sql`now()`, expiry.lifetime, timeZone) };
  const { rows } = await sql<{ at: string; isPast: boolean; isTooFar: boolean }>`
    select at::text as at, at <= now() as "isPast",
      at > now() + make_interval(years => ${sql.lit(MAX_EXPIRY_YEARS)}) as "isTooFar"
    from (${knownTimeZone(timeZone)} offset 0) as zone (name),
      lateral (select ${expiry.at}::timestamp at time zone zone.name as at) as chosen`.execute(db);
  const [chosen] = rows;
  if (!chosen || chosen.isPast) return { problem: 'past' };
  if (chosen.isTooFar) return { problem: 'too far' };
  return { value: sql<Date>`${chosen.at}::timestamptz` };
}

/**
 * A lifetime after `start`. Days and months are those of the calendar in the owner's time zone (a
 * month after 31 January is the last day of February); hours are exact, also across daylight
 * saving.
 */
export function after(start: Expression<unknown>, lifetime: Lifetime | null, timeZone: string) {
  if (lifetime === null) return sql<Date | null>`null::timestamptz`;
  if ('hours' in lifetime) {
    return sql<Date | null>`${start} + make_interval(hours => ${lifetime.hours})`;
  }
  const interval =
    'days' in lifetime
      ? sql`make_interval(days => ${lifetime.days})`
      : sql`make_interval(months => ${lifetime.months})`;
  return sql<Date | null>`(
    select (${start} at time zone zone.name + ${interval}) at time zone zone.name
    from (${knownTimeZone(timeZone)} offset 0) as zone (name))`;
}

/**
 * The zone, or UTC where the database does not know it: the server may have another version than when the
 * zone was stored.
 */
function knownTimeZone(timeZone: string) {
  // The list of zones takes the database some 30 ms to read.
  if (timeZone === 'UTC') return sql`select 'UTC'`;
  return sql`
    select coalesce((select name from pg_timezone_names where name = ${timeZone} limit 1), 'UTC')`;
}
