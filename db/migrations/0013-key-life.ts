import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // The rows of ended keys are deleted one by one, so that replaces_id must not be a foreign key.
  await sql`
    alter table api_keys
      add column note text not null default ''
        constraint api_keys_note_length check (char_length(note) <= 500),
      add column replaces_id bigint,
      add column overlap_hours integer
        constraint api_keys_overlap_hours_positive check (overlap_hours >= 0),
      add column replaced_at timestamptz,
      add column paused_until timestamptz,
      add column leaked_at timestamptz,
      add constraint api_keys_leaked_removed check (leaked_at is null or removed_at is not null)`.execute(
    db,
  );
  await sql`
    create unique index api_keys_replaces_unique on api_keys (replaces_id)
      where replaces_id is not null and removed_at is null`.execute(db);

  // Without a foreign key, whose check would lock the key's row at each write. An address goes 30 days
  // after its last use, long before its key's row does.
  await sql`
    create table key_addresses (
      key_id bigint not null,
      network cidr not null,
      last_used_at timestamptz not null default now(),
      primary key (key_id, network)
    )`.execute(db);
}
