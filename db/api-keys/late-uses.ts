import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { Client } from '../events.ts';
import { hasNotEnded } from './state.ts';

/** Checks of a key after its end, or while it is paused: how many, and who sent the latest. */
export interface LateUses extends Client {
  keyId: number;
  count: number;
  /** Whether the key was paused then; otherwise it had ended. */
  isPaused: boolean;
}

/** The late uses of a key since its end, or for a key that has not ended those in its latest pause. */
export function lateUse(key: string) {
  const unlessOfPause = <Value>(column: string) =>
    sql<Value | null>`case when not ${isOfPause(key)} then ${sql.ref(`${key}.${column}`)} end`;
  return [
    unlessOfPause<Date>('late_used_at').as('lateUsedAt'),
    unlessOfPause<string>('late_used_ip').as('lateUsedIp'),
    unlessOfPause<string>('late_used_agent').as('lateUsedAgent'),
    sql<number>`coalesce(${unlessOfPause('late_use_count')}, 0)`.as('lateUseCount'),
  ] as const;
}

/** Whether a key has ended, and its late uses are from a pause before its end. */
export function isOfPause(key: string) {
  const end = sql`least(${sql.ref(`${key}.removed_at`)}, ${sql.ref(`${key}.expires_at`)})`;
  return sql<boolean>`coalesce(
    ${end} <= now() and ${sql.ref(`${key}.late_used_at`)} < ${end}, false)`;
}

/**
 * Adds late uses, given once for each key, in one statement. Nothing is added while the owner of a key is
 * disabled; uses in a pause are not added once the key has ended. `last_used_at` does not change.
 */
export async function recordLateUses(db: Database, uses: LateUses[]): Promise<void> {
  const ids = uses.map((use) => use.keyId);
  const ips = uses.map((use) => use.ip);
  const agents = uses.map((use) => use.userAgent);
  const counts = uses.map((use) => use.count);
  const paused = uses.map((use) => use.isPaused);
  // Locked in order, so that there is no deadlock when two processes write at once.
  await sql`
    with refused as (
      select k.id, ${hasNotEnded('k')} as lives from api_keys k join users u on u.id = k.user_id
      where k.id = any(${ids}::bigint[]) and u.disabled_at is null
      order by k.id
      for no key update of k
    )
    update api_keys k
    set late_used_at = now(), late_used_ip = used.ip, late_used_agent = used.agent,
      late_use_count = used.count + case when ${isOfPause('k')} then 0 else k.late_use_count end
    from unnest(${ids}::bigint[], ${ips}::inet[], ${agents}::text[], ${counts}::bigint[],
        ${paused}::boolean[]) as used (id, ip, agent, count, paused)
      join refused on refused.id = used.id and (refused.lives or not used.paused)
    where k.id = used.id`.execute(db);
}
