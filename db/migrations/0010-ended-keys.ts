import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // The rows of keys will be deleted some time after their end, so that events must name their key
  // themselves. This reads the whole table of events, but writes only those without a prefix (0005 has
  // filled in the older ones, and every version since writes it), and blocks no other statement.
  await sql`
    update events
    set details = jsonb_build_object('label', k.label, 'prefix', k.prefix) || events.details
    from api_keys k
    where k.id = events.key_id and events.details ->> 'prefix' is null`.execute(db);

  // From here on statements on keys wait. The tables are locked in the order in which the app writes
  // to them, first keys, then events: otherwise instances at work and this could wait for each other.
  await sql`
    alter table api_keys
      add column removed_via text
        constraint api_keys_removed_via_known
          check (removed_via in ('Linode Manager', 'API', 'operator')),
      add column late_used_at timestamptz,
      add column late_used_ip inet,
      add column late_used_agent text,
      add column late_use_count bigint not null default 0`.execute(db);
  // The recording of uses is cheap (PostgreSQL's heap-only tuples) as long as no index contains
  // last_used_at or a late_… column.
  await sql`
    create index api_keys_not_removed on api_keys (user_id, created_at, id)
      where removed_at is null`.execute(db);
  await sql`
    create index api_keys_ended on api_keys (user_id, coalesce(removed_at, expires_at), id)
      where coalesce(removed_at, expires_at) is not null`.execute(db);
  // For the sweep, which deletes the keys of all users that ended long ago.
  await sql`
    create index api_keys_ended_at on api_keys (coalesce(removed_at, expires_at))
      where coalesce(removed_at, expires_at) is not null`.execute(db);
  await sql`drop index api_keys_removed_at`.execute(db);
  await sql`alter table events drop constraint events_key_id_fkey`.execute(db);
}
