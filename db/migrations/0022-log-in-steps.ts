import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // Null for a password that is not temporary.
  await sql`alter table users add column password_lapses_at timestamptz`.execute(db);

  // The home page reads every kind of event that it tells of by the index events_kind.
  await sql`drop index events_failed_code`.execute(db);
}
