import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { hasNotEnded } from './state.ts';

/** A key that was used within this many days is in use. */
const IN_USE_DAYS = 7;

/** What a person should know before a key is removed. */
export interface RemovalFacts {
  /** Whether it was used within IN_USE_DAYS. */
  isInUse: boolean;
  /** The prefix of the key that it has replaced, if that key has not ended yet; otherwise null. */
  replacedPrefix: string | null;
  /** When the replaced key ends; null: never. */
  replacedExpiresAt: Date | null;
}

/** The facts about some of a user's keys, by their ids. */
export async function listRemovalFacts(
  db: Database,
  userId: number,
  ids: number[],
): Promise<Map<number, RemovalFacts>> {
  const rows = await db
    .selectFrom('api_keys')
    .leftJoin('api_keys as old', (join) =>
      join
        .onRef('old.id', '=', 'api_keys.replaces_id')
        .onRef('old.user_id', '=', 'api_keys.user_id')
        .on('api_keys.last_used_at', 'is not', null)
        .on(hasNotEnded('old')),
    )
    .select([
      'api_keys.id',
      sql<boolean>`coalesce(
        api_keys.last_used_at > now() - make_interval(days => ${sql.lit(IN_USE_DAYS)}),
        false)`.as('isInUse'),
      'old.prefix as replacedPrefix',
      'old.expires_at as replacedExpiresAt',
    ])
    .where('api_keys.user_id', '=', userId)
    .where('api_keys.id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, ...facts }) => [id, facts]));
}
