import { type Expression, sql } from 'kysely';
import type { Database } from './database.ts';

/** How many rows a statement of the sweep deletes at most, so that none takes long. */
export const SWEPT_AT_ONCE = 1_000;

/**
 * Deletes all rows of a table for which a time is more than some days ago, the oldest first. Processes
 * that sweep at the same time don't wait for each other.
 */
export async function deleteOldRows(
  db: Database,
  table: 'api_keys' | 'events',
  time: Expression<Date | null>,
  days: number,
): Promise<void> {
  let deleted: bigint | undefined;
  do {
    const { numAffectedRows } = await sql`
      with oldest as (
        select id from ${sql.table(table)}
        where ${time} < now() - make_interval(days => ${days}::int)
        order by ${time}
        limit ${sql.lit(SWEPT_AT_ONCE)}
        for update skip locked
      )
      delete from ${sql.table(table)} where id in (select id from oldest)`.execute(db);
    deleted = numAffectedRows;
  } while (deleted === BigInt(SWEPT_AT_ONCE));
}
