import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { type Client, insertEvent } from '../events.ts';
import { findKey } from './list.ts';

/** Removes a user's key, at once and for good. */
export async function removeKey(
  db: Database,
  userId: number,
  id: number,
  from: Client,
): Promise<'removed' | 'removed before' | 'not found'> {
  return db.transaction().execute(async (trx) => {
    const removed = await trx
      .updateTable('api_keys')
      .set({ removed_at: sql<Date>`now()` })
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .where('removed_at', 'is', null)
      .returning(['label', 'prefix'])
      .executeTakeFirst();
    if (!removed) return (await findKey(trx, userId, id)) ? 'removed before' : 'not found';
    await insertEvent(trx, { kind: 'key removed', userId, keyId: id, details: removed, ...from });
    return 'removed';
  });
}

/**
 * Forgets the digests of keys that were removed 90 days ago: until then, whoever holds one is told
 * that it was removed.
 */
export async function sweepRemovedKeys(db: Database): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ digest: null })
    .where('removed_at', '<', sql<Date>`now() - interval '90 days'`)
    .where('digest', 'is not', null)
    .execute();
}
