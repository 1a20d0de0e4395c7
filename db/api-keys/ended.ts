import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { EventKind } from '../event-kinds.ts';
import type { RemovedVia } from '../schema.ts';
import { type Given, statement, type Value } from '../statement.ts';
import { deleteOldRows } from '../sweep.ts';
import { isOfPause, lateUse } from './late-uses.ts';
import { endOf, isRemoved, undoableUntil } from './state.ts';

/**
 * How long a key is recognized and listed after its end. Then its row is deleted, and a check says that
 * the key is unknown.
 */
export const ENDED_KEY_DAYS = 90;

/** How long after a check an ended key counts as still being tried. */
const STILL_TRIED_HOURS = 24;

/**
 * How many of a user's ended keys are looked at: the newest, so that a page costs the same with any number
 * of them.
 */
export const MAX_ENDED_COUNTED = 1_000;

/** A key that was removed or has expired. */
export interface EndedKey {
  id: number;
  label: string;
  /** The first 16 characters of the key. */
  prefix: string;
  endedAt: Date;
  removed: boolean;
  /** Null for a key that expired, was reported as leaked, or was removed by an earlier version. */
  removedVia: RemovedVia | null;
  /** From where a key was removed through the API; null if that is unknown, and for others. */
  removedIp: string | null;
  /** Whether it was removed or reported as leaked. */
  leaked: boolean;
  /** Until when its removal can be undone; null if it can't. */
  undoableUntil: Date | null;
  /** The latest check after its end; null: none. */
  lateUsedAt: Date | null;
  lateUsedIp: string | null;
  lateUsedAgent: string | null;
  /** How many checks there were after its end, at least. */
  lateUseCount: number;
  /** Whether the latest of them is less than STILL_TRIED_HOURS ago. */
  stillTried: boolean;
  /** The database's clock when this was read; ages are relative to it. */
  readAt: Date;
}

interface EndedKeys {
  /** Those that are still being tried come first, then the newest. */
  keys: EndedKey[];
  /** How many there are: up to MAX_ENDED_COUNTED, or one more if there are more than that. */
  total: number;
  /** How many of them are still being tried. */
  stillTried: number;
}

/** The keys of a user that were removed or have expired, at most `limit`. */
export async function listEndedKeys(
  db: Database,
  userId: number,
  limit: number,
): Promise<EndedKeys> {
  const rows = await listEnded(db, { userId, limit });
  const [first] = rows;
  return {
    keys: rows.map(({ total: _, allStillTried: __, ...key }) => key),
    total: first?.total ?? 0,
    stillTried: first?.allStillTried ?? 0,
  };
}

const listEnded = statement(
  'list ended keys',
  (db, value: Value<{ userId: number; limit: number }>) =>
    db
      .with('newest', (cte) =>
        cte
          .selectFrom('api_keys')
          .select([
            'id',
            endOf('api_keys').as('endedAt'),
            sql<boolean>`coalesce(
            late_used_at > now() - make_interval(hours => ${sql.lit(STILL_TRIED_HOURS)})
              and not ${isOfPause('api_keys')},
            false)`.as('stillTried'),
          ])
          .where(hasEnded(value('userId')))
          .orderBy(endOf('api_keys'), 'desc')
          .orderBy('id', 'desc')
          .limit(sql.lit(MAX_ENDED_COUNTED + 1)),
      )
      .with('shown', (cte) =>
        cte
          .selectFrom('newest')
          .select((eb) => [
            'id',
            'stillTried',
            eb.fn.countAll<number>().over().as('total'),
            sql<number>`count(*) filter (where "stillTried") over ()`.as('allStillTried'),
          ])
          .orderBy('stillTried', 'desc')
          .orderBy('endedAt', 'desc')
          .orderBy('id', 'desc')
          .limit(value('limit')),
      )
      .selectFrom('shown')
      .innerJoin('api_keys', 'api_keys.id', 'shown.id')
      .select([
        'api_keys.id',
        'label',
        'prefix',
        sql<Date>`${endOf('api_keys')}`.as('endedAt'),
        isRemoved('api_keys').as('removed'),
        'removed_via as removedVia',
        removedIp('api_keys').as('removedIp'),
        sql<boolean>`leaked_at is not null`.as('leaked'),
        undoableUntil('api_keys').as('undoableUntil'),
        ...lateUse('api_keys'),
        'stillTried',
        sql<Date>`now()`.as('readAt'),
        'total',
        'allStillTried',
      ])
      .orderBy('stillTried', 'desc')
      .orderBy('endedAt', 'desc')
      .orderBy('id', 'desc')
      .compile(),
);

/** From where a key was removed through the API; null if that is unknown, and for others. */
export function removedIp(key: string) {
  return sql<string | null>`(
    select ip from events
    where events.user_id = ${sql.ref(`${key}.user_id`)} and events.key_id = ${sql.ref(`${key}.id`)}
      and events.kind = ${sql.lit<EventKind>('key removed')}
      and ${sql.ref(`${key}.removed_via`)} = ${sql.lit<RemovedVia>('API')}
    order by events.id desc limit 1)`;
}

/**
 * Which keys of a user have ended. The id comes from a subquery, so that PostgreSQL plans for
 * any user alike: it reads the index in order, and ends at the limit, also where most of the ended keys are
 * one user's.
 */
function hasEnded(userId: Given<number>) {
  const end = endOf('api_keys');
  return sql<boolean>`(user_id = (select ${userId}::bigint)
    and ${end} is not null and ${end} <= now())`;
}

/** Deletes the keys that ended more than ENDED_KEY_DAYS ago, with their digests. Events stay. */
export function sweepEndedKeys(db: Database): Promise<void> {
  return deleteOldRows(db, 'api_keys', endOf('api_keys'), ENDED_KEY_DAYS);
}
