import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table events
      drop constraint events_kind_known,
      add constraint events_kind_known check (kind in (
        'log in', 'failed log in', 'authenticated', 'failed authentication', 'log out',
        'key made', 'key removed', 'password changed', 'signed out', 'signed out elsewhere',
        'user added', 'user disabled', 'user enabled', 'permissions changed'))`.execute(db);
}
