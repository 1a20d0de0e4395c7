import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // A row is what "two-factor authentication is enabled" means, whether its secret can be decrypted
  // or not.
  await sql`
    create table two_factor (
      user_id bigint primary key references users on delete cascade,
      secret bytea not null,
      last_step bigint not null,
      enabled_at timestamptz not null default now()
    )`.execute(db);

  // Secrets whose users have not yet shown that their app knows them.
  await sql`
    create table pending_two_factor (
      user_id bigint primary key references users on delete cascade,
      secret bytea not null,
      created_at timestamptz not null default now()
    )`.execute(db);

  await sql`
    create table scratch_codes (
      user_id bigint not null references two_factor on delete cascade,
      digest bytea not null
        constraint scratch_codes_digest_length check (length(digest) = 32),
      primary key (user_id, digest)
    )`.execute(db);

  // The home page asks for the latest one.
  await sql`
    create index events_failed_code on events (user_id, id) where kind = 'failed code'`.execute(db);

  // Between password and code a session has a pending user and no user, so that whatever asks who is
  // signed in finds no one.
  await sql`
    alter table sessions
      add column pending_user_id bigint references users,
      add column pending_password_sha256 bytea,
      add column code_accepted_at timestamptz,
      add constraint sessions_pending_without_user check (
        pending_user_id is null or (user_id is null and pending_password_sha256 is not null))`.execute(
    db,
  );
}
