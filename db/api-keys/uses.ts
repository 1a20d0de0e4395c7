import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { Client } from '../events.ts';

/** A recent use of a key. */
export interface KeyUse extends Client {
  keyId: number;
}

/** Records uses, one for each key, in one statement; for each key at most once a minute. */
export async function recordKeyUses(db: Database, uses: KeyUse[]): Promise<void> {
  const ids = uses.map((use) => use.keyId);
  const ips = uses.map((use) => use.ip);
  const agents = uses.map((use) => use.userAgent);
  // Locked in order, and without waiting: another process may be recording uses of the same keys.
  await sql`
    with due as (
      select id from api_keys
      where id = any(${ids}::bigint[])
        and (last_used_at is null or last_used_at <= now() - interval '1 minute')
      order by id
      for no key update skip locked
    )
    update api_keys k
    set last_used_at = now(), last_used_ip = used.ip, last_used_agent = used.agent
    from unnest(${ids}::bigint[], ${ips}::inet[], ${agents}::text[]) as used (id, ip, agent)
      join due on due.id = used.id
    where k.id = used.id`.execute(db);
}
