import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table users
      add column permissions text[] not null default '{*}'
        constraint users_permissions_format check (
          '' <> all (permissions) and array_to_string(permissions, ',', '!') ~
            '^((\\*|[a-z][a-z0-9._-]{0,63})(,(\\*|[a-z][a-z0-9._-]{0,63}))*)?$')`.execute(db);

  await sql`
    alter table api_keys
      add column last_used_at timestamptz,
      add column last_used_ip inet,
      add column last_used_agent text,
      alter column digest drop not null,
      add constraint api_keys_digest_kept check (digest is not null or removed_at is not null)`.execute(
    db,
  );
  await sql`
    create index api_keys_removed_at on api_keys (removed_at)
      where removed_at is not null and digest is not null`.execute(db);
}
