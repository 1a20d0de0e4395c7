import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // One event for each user, network and hour; it counts the attempts.
  await sql`
    create unique index events_rate_limited on events (
      user_id,
      coalesce(details ->> 'network', ''),
      date_trunc('hour', at at time zone 'UTC')
    ) where kind = 'rate limited'`.execute(db);
}
