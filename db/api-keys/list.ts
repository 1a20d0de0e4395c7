import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { CreatedVia } from '../schema.ts';
import type { Given } from '../statement.ts';
import { lateUse } from './late-uses.ts';
import {
  expiresSoon,
  hasNotEnded,
  isActive,
  isExpired,
  isPaused,
  isRemoved,
  pausedUntil,
  undoableUntil,
} from './state.ts';

/** A key as the page lists it. No field contains the secret or its digest. */
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
  expiresSoon: boolean;
  paused: boolean;
  /** When a paused key resumes by itself; null: never, or it isn't paused. */
  pausedUntil: Date | null;
  /** Null: never used. */
  lastUsedAt: Date | null;
  lastUsedIp: string | null;
  lastUsedAgent: string | null;
  /** The latest check since its end, or in its latest pause; null: none. */
  lateUsedAt: Date | null;
  lateUsedIp: string | null;
  lateUsedAgent: string | null;
  lateUseCount: number;
  /** The database's clock when this was read; ages are relative to it. */
  readAt: Date;
}

/** All keys of a user that have not been removed, oldest first. */
export async function listKeys(db: Database, userId: number): Promise<ApiKey[]> {
  return selectKeys(db, userId).orderBy('created_at').orderBy('id').execute();
}

/** How many keys of a user are active, and how many are paused. */
export function countKeysByState(
  db: Database,
  userId: number,
): Promise<{ active: number; paused: number }> {
  return db
    .selectFrom('api_keys')
    .select([
      sql<number>`count(*) filter (where not ${isPaused('api_keys')})`.as('active'),
      sql<number>`count(*) filter (where ${isPaused('api_keys')})`.as('paused'),
    ])
    .where('user_id', '=', userId)
    .where(hasNotEnded('api_keys'))
    .executeTakeFirstOrThrow();
}

/** How many keys of a user were created through the API and have not ended: paused ones too. */
export async function countKeysViaApi(db: Database, userId: number): Promise<number> {
  const { count } = await db
    .selectFrom('api_keys')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', userId)
    .where('created_via', '=', 'API')
    .where(hasNotEnded('api_keys'))
    .executeTakeFirstOrThrow();
  return count;
}

export interface KeyToRemove extends ApiKey {
  removed: boolean;
  /** Whether it is the owner's only active key. */
  isLastActive: boolean;
}

/** A user's key by id, removed ones too; undefined if the user has no such key. */
export async function findKey(
  db: Database,
  userId: number,
  id: number,
): Promise<KeyToRemove | undefined> {
  return selectKeys(db, userId, { removed: true })
    .select((eb) => [
      isRemoved('api_keys').as('removed'),
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

/** A user's key by its digest, or by its first 16 characters; removed and expired ones too. */
export async function findKeyBy(
  db: Database,
  userId: number,
  known: { digest: Buffer } | { prefix: string },
): Promise<(ApiKey & { removed: boolean }) | undefined> {
  return selectKeys(db, userId, { removed: true })
    .select(isRemoved('api_keys').as('removed'))
    .where((eb) =>
      'digest' in known ? eb('digest', '=', known.digest) : eb('prefix', '=', known.prefix),
    )
    .executeTakeFirst();
}

/** A key that may be a removed one. */
interface ListedKey extends ApiKey {
  removed: boolean;
  /** Until when its removal can be undone; null if it can't. */
  undoableUntil: Date | null;
}

/** Those of these keys that are the user's, removed ones too, oldest first. */
export async function listKeysById(
  db: Database,
  userId: number,
  ids: number[],
): Promise<ListedKey[]> {
  return selectKeys(db, userId, { removed: true })
    .select([isRemoved('api_keys').as('removed'), undoableUntil('api_keys').as('undoableUntil')])
    .where('id', 'in', ids)
    .orderBy('id')
    .execute();
}

/** The keys of a user as pages show them; without those that have been removed, unless `removed`. */
export function selectKeys(db: Database, userId: Given<number>, { removed = false } = {}) {
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
      ...lateUse('api_keys'),
      isExpired('api_keys').as('expired'),
      expiresSoon('api_keys').as('expiresSoon'),
      isPaused('api_keys').as('paused'),
      pausedUntil('api_keys').as('pausedUntil'),
      sql<Date>`now()`.as('readAt'),
    ])
    .where('user_id', '=', userId)
    .$if(!removed, (query) => query.where('removed_at', 'is', null));
}
