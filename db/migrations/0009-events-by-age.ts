import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // The sweep finds the oldest events without reading the others.
  await sql`create index events_at on events (at)`.execute(db);
}
