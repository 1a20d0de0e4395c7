import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { statement, type Value } from '../statement.ts';
import { selectKeys } from './list.ts';
import { EXPIRES_SOON_DAYS, endOf, endsSoon, hasNotEnded, isActive } from './state.ts';

/** A key that was not used for this long needs no warning before it expires. */
const USED_LATELY_DAYS = 30;
/** How many keys are named, at most. */
const MAX_WARNINGS = 3;

/** A key that is in use and expires soon. */
interface ExpiringKey {
  id: number;
  label: string;
  prefix: string;
  expiresAt: Date;
  lastUsedAt: Date;
  /** The database's clock when this was read. */
  readAt: Date;
}

export interface ExpiringKeys {
  /** Those that expire first. */
  keys: ExpiringKey[];
  hasMore: boolean;
}

/** The keys of a user that expire soon, were used lately, and have no successor in use. */
export async function listExpiringKeys(db: Database, userId: number): Promise<ExpiringKeys> {
  const rows = await listExpiring(db, { userId });
  const keys = rows.flatMap(({ expiresAt, lastUsedAt, ...key }) =>
    expiresAt && lastUsedAt ? [{ ...key, expiresAt, lastUsedAt }] : [],
  );
  return { keys: keys.slice(0, MAX_WARNINGS), hasMore: keys.length > MAX_WARNINGS };
}

const listExpiring = statement('list expiring keys', (db, value: Value<{ userId: number }>) =>
  selectKeys(db, value('userId'))
    .where(isActive('api_keys'))
    .where(endsSoon('api_keys'))
    // Repeats the condition in the form of the index, so that keys that expire later are not read.
    .where(endOf('api_keys'), '>', sql<Date>`now()`)
    .where(
      endOf('api_keys'),
      '<=',
      sql<Date>`now() + make_interval(days => ${sql.lit(EXPIRES_SOON_DAYS)})`,
    )
    .where(
      'last_used_at',
      '>',
      sql<Date>`now() - make_interval(days => ${sql.lit(USED_LATELY_DAYS)})`,
    )
    .where(
      sql<boolean>`(replaced_at is null or not exists (
        select from api_keys successor
        where successor.replaces_id = api_keys.id and ${hasNotEnded('successor')}))`,
    )
    .orderBy(endOf('api_keys'))
    .orderBy('id')
    .limit(sql.lit(MAX_WARNINGS + 1))
    .compile(),
);
