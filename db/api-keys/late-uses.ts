import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { Client } from '../events.ts';

/** Checks of a key after its end: how many, and who sent the latest. */
export interface LateUses extends Client {
  keyId: number;
  count: number;
}

/**
 * Adds late uses, given once for each key, in one statement. None are added while the owner of a key is
 * disabled, and the key's last use before its end stays.
 */
export async function recordLateUses(db: Database, uses: LateUses[]): Promise<void> {
  const ids = uses.map((use) => use.keyId);
  const ips = uses.map((use) => use.ip);
  const agents = uses.map((use) => use.userAgent);
  const counts = uses.map((use) => use.count);
  // Locked in order, so that two processes that write at once don't block each other for ever.
  await sql`
    with ended as (
      select k.id from api_keys k join users u on u.id = k.user_id
      where k.id = any(${ids}::bigint[]) and u.disabled_at is null
      order by k.id
      for no key update of k
    )
    update api_keys k
    set late_used_at = now(), late_used_ip = used.ip, late_used_agent = used.agent,
      late_use_count = k.late_use_count + used.count
    from unnest(${ids}::bigint[], ${ips}::inet[], ${agents}::text[], ${counts}::bigint[])
        as used (id, ip, agent, count)
      join ended on ended.id = used.id
    where k.id = used.id`.execute(db);
}
