import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // The cookies of this database are named after it: a browser sends the cookies of a host to all ports.
  await sql`
    create table installation (
      is_only boolean primary key default true
        constraint installation_one_row check (is_only),
      id text not null
        constraint installation_id_format check (id ~ '^[0-9a-f]{12}$')
    )`.execute(db);
  await sql`
    insert into installation (id)
    values (left(replace(gen_random_uuid()::text, '-', ''), 12))`.execute(db);
}
