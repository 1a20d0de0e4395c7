import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { type Client, insertEvent } from '../events.ts';
import type { RemovedVia } from '../schema.ts';
import { isRemoved } from './state.ts';

/** Removes a user's key permanently; the next check refuses it. */
export async function removeKey(
  db: Database,
  userId: number,
  id: number,
  via: RemovedVia,
  from: Client,
): Promise<'removed' | 'removed before' | 'not found'> {
  const outcome = await removeKeys(db, userId, [id], via, from);
  if (outcome === 'not found') return outcome;
  return outcome.removed === 1 ? 'removed' : 'removed before';
}

/** Removes all of these keys, or none if one of them is not the user's. */
export async function removeKeys(
  db: Database,
  userId: number,
  ids: number[],
  via: RemovedVia,
  from: Client,
): Promise<{ removed: number; removedBefore: number } | 'not found'> {
  return db.transaction().execute(async (trx) => {
    const keys = await trx
      .selectFrom('api_keys')
      .select(['id', 'label', 'prefix', isRemoved('api_keys').as('removed')])
      .where('user_id', '=', userId)
      .where('id', 'in', ids)
      // In one order, so that two removals of the same keys can't wait for each other.
      .orderBy('id')
      .forUpdate()
      .execute();
    if (keys.length < new Set(ids).size) return 'not found';
    const remaining = keys.filter(({ removed }) => !removed);
    for (const { id, label, prefix } of remaining) {
      await trx
        .updateTable('api_keys')
        .set({ removed_at: sql<Date>`now()`, removed_via: via })
        .where('id', '=', id)
        .execute();
      const details = { label, prefix };
      await insertEvent(trx, { kind: 'key removed', userId, keyId: id, details, ...from });
    }
    return { removed: remaining.length, removedBefore: keys.length - remaining.length };
  });
}
