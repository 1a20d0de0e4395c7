import { sql } from 'kysely';
import type { Database } from '../database.ts';

/**
 * How many rows of a table PostgreSQL reads for statements, by its own count.
 *
 * @param plan `custom`: for the values that are given; `generic`: for any values, as PostgreSQL keeps it
 *   under a name
 */
export async function rowsRead(
  db: Database,
  table: string,
  read: (trx: Database) => Promise<unknown>,
  plan: 'custom' | 'generic' = 'custom',
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const count = async () => {
      const { rows } = await sql<{ read: number }>`
        select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read
        from pg_stat_xact_user_tables where relname = ${table}`.execute(trx);
      return rows[0]?.read ?? 0;
    };
    await sql`set local plan_cache_mode = ${sql.lit(`force_${plan}_plan`)}`.execute(trx);
    const before = await count();
    await read(trx);
    return (await count()) - before;
  });
}
