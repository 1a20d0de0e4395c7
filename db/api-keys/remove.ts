import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { type Client, insertEvent } from '../events.ts';
import { findKey } from './list.ts';

/** How long a removed key is recognized. */
const REMOVED_KEY_DAYS = 90;

/** Removes a user's key permanently; the next check refuses it. */
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

/** Forgets the digests of removed keys. Until then, a check of the key says that it was removed. */
export async function sweepRemovedKeys(db: Database): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ digest: null })
    .where('removed_at', '<', sql<Date>`now() - make_interval(days => ${REMOVED_KEY_DAYS}::int)`)
    .where('digest', 'is not', null)
    .execute();
}
