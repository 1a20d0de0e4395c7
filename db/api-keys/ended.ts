import type { Database } from '../database.ts';
import { deleteOldRows } from '../sweep.ts';
import { endOf } from './state.ts';

/**
 * How long a key is recognized and listed after its end. Then its row is deleted, and a check says that
 * the key is unknown.
 */
export const ENDED_KEY_DAYS = 90;

/** Deletes the keys that ended more than ENDED_KEY_DAYS ago, with their digests. Events stay. */
export function sweepEndedKeys(db: Database): Promise<void> {
  return deleteOldRows(db, 'api_keys', endOf('api_keys'), ENDED_KEY_DAYS);
}
