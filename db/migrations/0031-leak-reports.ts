import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table api_keys add column leak_seen_at timestamptz`.execute(db);
  // A removed key can be reported long after its end. Few keys ever are.
  await sql`
    create index api_keys_leaked on api_keys (user_id, leaked_at) where leaked_at is not null`.execute(
    db,
  );
}
