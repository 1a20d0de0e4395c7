import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table devices (
      id bigint generated always as identity primary key,
      user_id bigint not null references users on delete cascade,
      digest bytea not null
        constraint devices_digest_unique unique
        constraint devices_digest_length check (length(digest) = 32),
      logged_in_at timestamptz not null default now(),
      ip inet,
      user_agent text not null,
      failures integer not null default 0,
      trusted_until timestamptz
    )`.execute(db);
  await sql`create index devices_user_id on devices (user_id)`.execute(db);
  await sql`create index devices_logged_in_at on devices (logged_in_at)`.execute(db);
  await sql`
    alter table sessions
      add column device_id bigint references devices on delete set null`.execute(db);
  await sql`create index sessions_device_id on sessions (device_id)`.execute(db);
}
