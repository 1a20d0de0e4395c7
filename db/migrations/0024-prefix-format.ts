import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // Lookups of keys put it between tabs. Not validated, which would read the whole table under a lock:
  // the app has only ever stored such prefixes.
  await sql`
    alter table api_keys add constraint api_keys_prefix_format
      check (prefix ~ '^[0-9A-Za-z]{16}$') not valid`.execute(db);
}
