import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // A name for a session that its owner may see: the id is a secret, and so is its digest.
  await sql`
    alter table sessions
      add column id bigint generated always as identity constraint sessions_id_unique unique`.execute(
    db,
  );

  await sql`alter table events drop constraint events_kind_known`.execute(db);
  await sql`
    alter table events add constraint events_kind_known check (kind in (
      'log in', 'failed log in', 'authenticated', 'failed authentication', 'log out',
      'key made', 'key removed', 'password changed', 'signed out', 'signed out elsewhere'))`.execute(
    db,
  );
  await sql`create index events_log_in_ip on events (user_id, ip) where kind = 'log in'`.execute(
    db,
  );

  await sql`
    create table throttle (
      subject bytea primary key,
      failures integer not null,
      open_at timestamptz not null,
      updated_at timestamptz not null default now()
    )`.execute(db);
}
