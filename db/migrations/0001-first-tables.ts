import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table users (
      id bigint generated always as identity primary key,
      username text not null
        constraint users_username_format check (username ~ '^[a-z0-9._-]{1,32}$'),
      email text,
      password_digest text not null,
      time_zone text not null default 'UTC',
      log_in_at timestamptz,
      log_in_ip inet,
      previous_log_in_at timestamptz,
      previous_log_in_ip inet,
      disabled_at timestamptz,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`create unique index users_username_unique on users (lower(username))`.execute(db);

  await sql`
    create table sessions (
      digest bytea primary key constraint sessions_digest_length check (length(digest) = 32),
      user_id bigint references users,
      csrf_secret text not null,
      created_at timestamptz not null default now(),
      seen_at timestamptz not null default now(),
      authenticated_at timestamptz,
      expires_at timestamptz not null,
      ended_at timestamptz,
      ip inet,
      user_agent text
    )`.execute(db);
  await sql`create index sessions_user_id on sessions (user_id)`.execute(db);
  await sql`create index sessions_expires_at on sessions (expires_at)`.execute(db);

  await sql`
    create table api_keys (
      id bigint generated always as identity primary key,
      user_id bigint not null references users,
      label text not null
        constraint api_keys_label_length check (char_length(label) <= 128),
      prefix text not null
        constraint api_keys_prefix_unique unique
        constraint api_keys_prefix_length check (char_length(prefix) = 16),
      digest bytea not null
        constraint api_keys_digest_unique unique
        constraint api_keys_digest_length check (length(digest) = 32),
      request_id uuid not null,
      created_at timestamptz not null default now(),
      created_ip inet,
      created_via text not null
        constraint api_keys_created_via_known check (created_via in ('Linode Manager', 'API')),
      expires_at timestamptz,
      removed_at timestamptz,
      constraint api_keys_request_unique unique (user_id, request_id)
    )`.execute(db);

  await sql`
    create table events (
      id bigint generated always as identity primary key,
      at timestamptz not null default now(),
      kind text not null
        constraint events_kind_known check (kind in (
          'log in', 'failed log in', 'authenticated', 'failed authentication', 'log out',
          'key made', 'key removed')),
      user_id bigint references users,
      key_id bigint references api_keys,
      ip inet,
      user_agent text not null
    )`.execute(db);
  await sql`create index events_user_id on events (user_id, id)`.execute(db);
}
