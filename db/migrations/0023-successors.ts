import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // Removed successors too, which the unique index leaves out.
  await sql`
    create index api_keys_replaces on api_keys (replaces_id) where replaces_id is not null`.execute(
    db,
  );
}
