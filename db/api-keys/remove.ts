import { sql } from 'kysely';
import type { Database, Transaction } from '../database.ts';
import type { Client } from '../events.ts';
import type { RemovedVia } from '../schema.ts';
import { changeSeenByChecks } from '../seen-by-checks.ts';
import {
  type ChangedKeys,
  changeKeys,
  changeLocked,
  hasId,
  type KeysNotFound,
  type LockedKey,
  lockKeys,
  type Refused,
} from './change.ts';
import { keyStage } from './state.ts';

/**
 * Removes all of these keys, or none if one of them is not the user's; the next check refuses them. With
 * `leaked` the removal can't be undone, and keys that were removed before are marked as leaked.
 */
export function removeKeys(
  db: Database,
  userId: number,
  ids: number[],
  via: RemovedVia,
  from: Client,
  { leaked = false } = {},
): Promise<ChangedKeys | KeysNotFound> {
  return changeKeys(db, userId, ids, removal(via, { leaked }), from);
}

/** Removes the key that a program presents, unless a check of it would now be refused. */
export async function removePresentedKey(
  db: Database,
  { userId, id }: { userId: number; id: number },
  from: Client,
): Promise<{ outcome: 'done' } | KeysNotFound | Refused> {
  const change = { ...removal('API'), action: 'remove itself' } as const;
  const result = await changeKeys(db, userId, [id], change, from);
  if (result.outcome === 'not found') return result;
  const [refused] = result.unchanged;
  return refused ? { outcome: 'refused', refusal: refused.refusal } : { outcome: 'done' };
}

/** Removes a key that its transaction has locked. */
export async function removeLocked(
  trx: Transaction,
  userId: number,
  key: LockedKey,
  from: Client,
): Promise<void> {
  await changeLocked(trx, userId, [key], removal('Linode Manager'), from);
}

/**
 * Undoes removals, within UNDO_MINUTES and unless a key may have leaked. A restored key is active, paused
 * or expired, by the clock. Where another key has taken its place as the successor of a key, the restored
 * key no longer replaces any.
 */
export async function undoRemovals(
  db: Database,
  userId: number,
  ids: number[],
  from: Client,
): Promise<ChangedKeys | KeysNotFound> {
  return changeSeenByChecks(db, async (trx) => {
    // A rotation locks the replaced key too, so no other key can become its successor meanwhile.
    const replaced = await trx
      .selectFrom('api_keys')
      .select('replaces_id')
      .where('user_id', '=', userId)
      .where(hasId(ids))
      .execute();
    const replacedIds = replaced.flatMap(({ replaces_id }) => replaces_id ?? []);
    const locked = await lockKeys(trx, userId, [...ids, ...replacedIds]);
    const keys = locked.filter(({ id }) => ids.includes(id));
    if (keys.length < new Set(ids).size) return { outcome: 'not found' };
    const set = {
      removed_at: null,
      replaces_id: sql<number | null>`case when not exists (
          select 1 from api_keys other
          where other.replaces_id = api_keys.replaces_id and other.removed_at is null
        ) and not exists (
          select 1 from api_keys other
          where other.replaces_id = api_keys.replaces_id
            and other.id > api_keys.id and other.id = any(${ids}::bigint[])
        ) then replaces_id end`,
    };
    const event = () => ({ kind: 'key restored' }) as const;
    const change = { action: 'undo', set, event } as const;
    return { outcome: 'done', ...(await changeLocked(trx, userId, keys, change, from)) };
  });
}

/** The person who reports a leaked key is not recorded. */
const finder: Client = { ip: null, userAgent: 'report of a leaked key' };

/**
 * Removes a key as leaked, or marks a key that was removed before: anyone who has the whole key may do so.
 * A report counts neither as a use of the key nor as a late use.
 */
export async function reportLeakedKey(
  db: Database,
  digest: Buffer,
): Promise<'reported' | 'reported before' | 'unknown'> {
  return changeSeenByChecks(db, async (trx) => {
    const key = await trx
      .selectFrom('api_keys')
      .select(['id', 'user_id', 'label', 'prefix', keyStage('api_keys').as('stage')])
      .where('digest', '=', digest)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!key) return 'unknown';
    const change = removal(null, { leaked: true });
    const { changed } = await changeLocked(trx, key.user_id, [key], change, finder);
    return changed.length === 1 ? 'reported' : 'reported before';
  });
}

function removal(via: RemovedVia | null, { leaked = false } = {}) {
  return {
    action: leaked ? 'remove as leaked' : 'remove',
    set: {
      removed_at: sql<Date>`coalesce(removed_at, now())`,
      removed_via: sql<RemovedVia | null>`case when removed_at is null
        then ${via}::text else removed_via end`,
      ...(leaked && { leaked_at: sql<Date>`now()` }),
    },
    event: ({ stage }: LockedKey) => {
      const wasRemoved = stage === 'undoable' || stage === 'removed';
      if (wasRemoved) return { kind: 'key leaked' } as const;
      return { kind: 'key removed', details: leaked ? { leaked } : {} } as const;
    },
  } as const;
}
