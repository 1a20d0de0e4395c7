import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // A row is only on a server that a promotion has left behind: an instance that knows a later timeline
  // writes it there, for instances that reach no other server.
  await sql`
    create table timelines (
      system text primary key,
      latest integer not null
    )`.execute(db);
}
