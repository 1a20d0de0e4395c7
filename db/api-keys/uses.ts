import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { Client } from '../events.ts';
import { changeSeenByChecks } from '../seen-by-checks.ts';
import { isPossible } from './transitions.ts';

/** A recent use of a key. */
export interface KeyUse extends Client {
  keyId: number;
}

/**
 * Records uses, one for each key, in one statement; for each key at most once a minute. The first recorded
 * use of a key that replaces another one also ends the other one: after the overlap, or at its own expiry if
 * that comes first. Where the row of the other key is locked, the next recorded use ends it.
 */
export async function recordKeyUses(db: Database, uses: KeyUse[]): Promise<void> {
  const ids = uses.map((use) => use.keyId);
  const ips = uses.map((use) => use.ip);
  const agents = uses.map((use) => use.userAgent);
  // Locked in order, and without waiting: another process may be recording uses of the same keys. One
  // UPDATE, because a key may be used and replaced at once.
  const record = sql`
    with due as (
      select id, replaces_id, overlap_hours, removed_at from api_keys
      where id = any(${ids}::bigint[])
        and (last_used_at is null or last_used_at <= now() - interval '1 minute')
      order by id
      for no key update skip locked
    ), replaced as (
      select old.id, due.overlap_hours from due join api_keys old on old.id = due.replaces_id
      where due.removed_at is null and old.replaced_at is null
        and ${isPossible('be replaced', 'old')}
      order by old.id
      for no key update of old skip locked
    )
    update api_keys k
    set last_used_at = case when due.id is null then k.last_used_at else now() end,
      last_used_ip = case when due.id is null then k.last_used_ip else used.ip end,
      last_used_agent = case when due.id is null then k.last_used_agent else used.agent end,
      replaced_at = case when replaced.id is null then k.replaced_at else now() end,
      expires_at = case when replaced.overlap_hours > 0
        then least(k.expires_at, now() + make_interval(hours => replaced.overlap_hours))
        else k.expires_at end
    from (select id from due union select id from replaced) as changed
      left join due on due.id = changed.id
      left join replaced on replaced.id = changed.id
      left join unnest(${ids}::bigint[], ${ips}::inet[], ${agents}::text[])
        as used (id, ip, agent) on used.id = changed.id
    where k.id = changed.id`;
  // The statement may end a replaced key, which checks must see.
  await changeSeenByChecks(db, (trx) => record.execute(trx));
}
