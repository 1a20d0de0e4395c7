import { type Expression, sql } from 'kysely';
import type { Database, Transaction } from '../database.ts';
import { type Client, insertEvent } from '../events.ts';
import type { CreatedVia } from '../schema.ts';
import { lockUserById } from '../users.ts';
import { countActiveKeys } from './list.ts';

/** How many active keys of a user may have been created through the API, as in the original. */
export const MAX_KEYS_VIA_API = 20;

/** How long a key lives: hours, or calendar days or months in its owner's time zone. */
export type Lifetime = { hours: number } | { days: number } | { months: number };

export interface NewKey {
  label: string;
  prefix: string;
  digest: Buffer;
  /** Null: never expires. */
  lifetime: Lifetime | null;
  timeZone: string;
  /** A UUID, unique for its owner: a repeated form post creates nothing. */
  requestId: string;
  via: CreatedVia;
}

/** Stores a key, unless its request has created one before, or its owner has as many as allowed. */
export async function insertKey(
  trx: Transaction,
  userId: number,
  key: NewKey,
  from: Client,
): Promise<'created' | 'created before' | 'limit reached'> {
  if (key.via === 'API') {
    // So that requests at the same time can't exceed the limit.
    await lockUserById(trx, userId);
    if ((await countActiveKeys(trx, userId, { via: 'API' })) >= MAX_KEYS_VIA_API) {
      return 'limit reached';
    }
  }
  const inserted = await trx
    .insertInto('api_keys')
    .values({
      user_id: userId,
      label: key.label,
      prefix: key.prefix,
      digest: key.digest,
      request_id: key.requestId,
      created_ip: from.ip,
      created_via: key.via,
      expires_at: after(sql`now()`, key.lifetime, key.timeZone),
    })
    .onConflict((conflict) => conflict.constraint('api_keys_request_unique').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!inserted) return 'created before';
  const details = { label: key.label, prefix: key.prefix };
  await insertEvent(trx, { kind: 'key made', userId, keyId: inserted.id, details, ...from });
  return 'created';
}

/** Whether the key that a request has created is the one that it asks for now. */
export async function isSameRequest(
  db: Database,
  userId: number,
  key: Pick<NewKey, 'requestId' | 'label' | 'lifetime' | 'timeZone'>,
): Promise<boolean> {
  const same = await db
    .selectFrom('api_keys')
    .select('id')
    .where('user_id', '=', userId)
    .where('request_id', '=', key.requestId)
    .where('label', '=', key.label)
    .where('expires_at', 'is not distinct from', after(sql`created_at`, key.lifetime, key.timeZone))
    .executeTakeFirst();
  return same !== undefined;
}

/**
 * A lifetime after `start`. Days and months are those of the calendar where the owner lives (a
 * month after 31 January is the last day of February); hours are exact, also across daylight
 * saving.
 */
function after(start: Expression<unknown>, lifetime: Lifetime | null, timeZone: string) {
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
 * UTC where the database does not know the zone: it did when the zone was stored, but its server
 * may have another version since then.
 */
function knownTimeZone(timeZone: string) {
  // The list of zones takes the database some 30 ms to read.
  if (timeZone === 'UTC') return sql`select 'UTC'`;
  return sql`
    select coalesce((select name from pg_timezone_names where name = ${timeZone} limit 1), 'UTC')`;
}
