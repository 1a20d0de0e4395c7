import { sql } from 'kysely';
import type { Database, Transaction } from './database.ts';

/**
 * Runs a transaction that changes what checks of keys see. It ends when all synchronous standbys have
 * applied it, so that no check that begins after the answer misses the change, wherever it reads. A
 * transaction that finds nothing to do, but locks rows, waits too: an earlier change of them that was not
 * confirmed may still be on its way. A server without synchronous standbys waits for nothing.
 */
export function changeSeenByChecks<Result>(
  db: Database,
  change: (trx: Transaction) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async (trx) => {
    await sql`set local synchronous_commit = remote_apply`.execute(trx);
    return change(trx);
  });
}
