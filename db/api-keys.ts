import { sql } from 'kysely';
import type { Database } from './database.ts';
import { type Client, insertEvent } from './events.ts';
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
  /** Null: never used. */
  lastUsedAt: Date | null;
  lastUsedIp: string | null;
  lastUsedAgent: string | null;
  /** The database's clock when this was read; ages are counted from it. */
  readAt: Date;
}

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

/** The id of a user's key by its first 16 characters; undefined when it is not there, or removed. */
export async function findKeyByPrefix(
  db: Database,
  userId: number,
  prefix: string,
): Promise<number | undefined> {
  const key = await selectKeys(db, userId).where('prefix', '=', prefix).executeTakeFirst();
  return key?.id;
}

/** Removes a user's key, at once and for good. */
export async function removeKey(
  db: Database,
  userId: number,
  id: number,
  from: Client,
): Promise<'removed' | 'removed before' | 'not found'> {
  return db.transaction().execute(async (trx) => {
    const removed = await trx
      .updateTable('api_keys')
      .set({ removed_at: sql<Date>`now()` })
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .where('removed_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (!removed) return (await findKey(trx, userId, id)) ? 'removed before' : 'not found';
    await insertEvent(trx, { kind: 'key removed', userId, keyId: id, ...from });
    return 'removed';
  });
}

/**
 * Forgets the digests of keys that were removed 90 days ago: until then, whoever holds one is told
 * that it was removed.
 */
export async function sweepRemovedKeys(db: Database): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ digest: null })
    .where('removed_at', '<', sql<Date>`now() - interval '90 days'`)
    .where('digest', 'is not', null)
    .execute();
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
      'last_used_at as lastUsedAt',
      'last_used_ip as lastUsedIp',
      'last_used_agent as lastUsedAgent',
      sql<boolean>`coalesce(expires_at <= now(), false)`.as('expired'),
      sql<Date>`now()`.as('readAt'),
    ])
    .where('user_id', '=', userId)
    .$if(!removed, (query) => query.where('removed_at', 'is', null));
}
