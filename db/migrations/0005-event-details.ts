import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // The kinds are a table in db/event-kinds.ts. In a rolling restart an instance may meet a kind that
  // it doesn't know, which must not be an error.
  await sql`
    alter table events
      drop constraint events_kind_known,
      add column details jsonb not null default '{}'`.execute(db);
  await sql`
    update events set details = jsonb_build_object('label', k.label, 'prefix', k.prefix)
    from api_keys k where k.id = events.key_id`.execute(db);
}
