import { sql } from 'kysely';
import type { Database } from './database.ts';

/** The time by the database's clock, which is the only one that counts. */
export async function readClock(db: Database): Promise<Date> {
  const { now } = await db.selectNoFrom(sql<Date>`now()`.as('now')).executeTakeFirstOrThrow();
  return now;
}
