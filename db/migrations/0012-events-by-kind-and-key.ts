import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // A page of a user's events of one kind, or of one key, reads only these events.
  await sql`create index events_kind on events (user_id, kind, id)`.execute(db);
  await sql`
    create index events_key on events (user_id, key_id, id) where key_id is not null`.execute(db);
}
