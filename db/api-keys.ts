import { type Expression, sql } from 'kysely';
import type { Database, Transaction } from './database.ts';
import type { CreatedVia } from './schema.ts';

/** A key as the page lists it. There is no field here that could give the key away. */
export interface ApiKey {
  id: number;
  label: string;
  /** The first 16 characters of the key. */
  prefix: string;
  createdAt: Date;
  createdIp: string | null;
  createdVia: CreatedVia;
  /** Null: never. */
  expiresAt: Date | null;
  expired: boolean;
  /** The database's clock when this was read; ages are counted from it. */
  readAt: Date;
}

/** How long a key lives: so many hours, or calendar days or months in its owner's time zone. */
export type Lifetime = { hours: number } | { days: number } | { months: number };

/** All keys of a user that have not been removed, oldest first. */
export async function listKeys(db: Database, userId: number): Promise<ApiKey[]> {
  return selectKeys(db, userId).orderBy('created_at').orderBy('id').execute();
}

/** How many keys of a user open something now. */
export async function countActiveKeys(db: Database, userId: number): Promise<number> {
  const { count } = await db
    .selectFrom('api_keys')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where(isActive('api_keys'))
    .executeTakeFirstOrThrow();
  return count;
}

export interface KeyToRemove extends ApiKey {
  removed: boolean;
  /** Active, and the only one: without it the owner has no way in. */
  isLastActive: boolean;
}

/** A user's key by id, removed ones too; undefined for another user's as for one that never was. */
export async function findKey(
  db: Database,
  userId: number,
  id: number,
): Promise<KeyToRemove | undefined> {
  return selectKeys(db, userId, { removed: true })
    .select((eb) => [
      sql<boolean>`removed_at is not null`.as('removed'),
      sql<boolean>`${isActive('api_keys')} and not exists (${eb
        .selectFrom('api_keys as other')
        .select('other.id')
        .where('other.user_id', '=', userId)
        .where('other.id', '<>', id)
        .where(isActive('other'))})`.as('isLastActive'),
    ])
    .where('id', '=', id)
    .executeTakeFirst();
}

export interface NewKey {
  label: string;
  prefix: string;
  digest: Buffer;
  /** Null: never expires. */
  lifetime: Lifetime | null;
  timeZone: string;
  /** A UUID, unique for its owner: a repeated form post makes nothing. */
  requestId: string;
  ip: string | null;
  via: CreatedVia;
}

/** Inserts a key. Returns its id, or undefined when its request has already made one. */
export async function insertKey(
  trx: Transaction,
  userId: number,
  key: NewKey,
): Promise<number | undefined> {
  const inserted = await trx
    .insertInto('api_keys')
    .values({
      user_id: userId,
      label: key.label,
      prefix: key.prefix,
      digest: key.digest,
      request_id: key.requestId,
      created_ip: key.ip,
      created_via: key.via,
      expires_at: after(sql`now()`, key.lifetime, key.timeZone),
    })
    .onConflict((conflict) => conflict.constraint('api_keys_request_unique').doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted?.id;
}

/** Whether the key that a request has made is the one that it asks for now. */
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

/** Removes a user's key, at once and for good. */
export async function removeKey(
  trx: Transaction,
  userId: number,
  id: number,
): Promise<'removed' | 'removed before' | 'not found'> {
  const removed = await trx
    .updateTable('api_keys')
    .set({ removed_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('removed_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (removed) return 'removed';
  return (await findKey(trx, userId, id)) ? 'removed before' : 'not found';
}

function isActive(table: string) {
  const removedAt = sql.ref(`${table}.removed_at`);
  const expiresAt = sql.ref(`${table}.expires_at`);
  return sql<boolean>`${removedAt} is null and (${expiresAt} is null or ${expiresAt} > now())`;
}

function selectKeys(db: Database, userId: number, { removed = false } = {}) {
  return db
    .selectFrom('api_keys')
    .select([
      'id',
      'label',
      'prefix',
      'created_at as createdAt',
      'created_ip as createdIp',
      'created_via as createdVia',
      'expires_at as expiresAt',
      sql<boolean>`coalesce(expires_at <= now(), false)`.as('expired'),
      sql<Date>`now()`.as('readAt'),
    ])
    .where('user_id', '=', userId)
    .$if(!removed, (query) => query.where('removed_at', 'is', null));
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
  return sql<Date | null>`(${start} at time zone ${timeZone} + ${interval}) at time zone ${timeZone}`;
}
