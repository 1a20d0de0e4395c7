import { createHash } from 'node:crypto';
import { type Expression, sql } from 'kysely';
import type { Database } from './database.ts';

/** How long attempts that keep failing must wait. */
export interface BackoffPolicy {
  /** How many failures in a row need no wait. */
  freeAttempts: number;
  /** After that the wait doubles with each failure, from one second up to this. */
  maxSeconds: number;
}

/** What attempts are counted for: a kind, and what identifies one of that kind. */
export type Subject = readonly [kind: string, ...parts: string[]];

/** After this long without another failure, the count starts again. */
const FORGOTTEN_AFTER = sql`interval '1 day'`;

/**
 * Counts an attempt as failed before it happens, in one statement, so that attempts at the same time
 * can't exceed the limit. Returns undefined if it is allowed, else the seconds to wait (at least 1).
 */
export async function recordAttempt(
  db: Database,
  subject: Subject,
  policy: BackoffPolicy,
): Promise<number | undefined> {
  const failures = sql<number>`case
    when throttle.updated_at < now() - ${FORGOTTEN_AFTER} then 1
    else throttle.failures + 1
  end`;
  const taken = await db
    .insertInto('throttle')
    .values({ subject: digest(subject), failures: 1, open_at: opensAt(sql`1`, policy) })
    .onConflict((conflict) =>
      conflict
        .column('subject')
        .doUpdateSet({
          failures,
          open_at: opensAt(failures, policy),
          updated_at: sql<Date>`now()`,
        })
        // Not now(), the start of this transaction: while this statement waited for the row, a transaction
        // that started later may have set open_at to its own start.
        .where('throttle.open_at', '<=', sql<Date>`clock_timestamp()`),
    )
    .returning('failures')
    .executeTakeFirst();
  return taken ? undefined : ((await findWait(db, subject)) ?? 1);
}

/** How many seconds the next attempt has to wait (at least 1); undefined where it need not. */
export async function findWait(db: Database, subject: Subject): Promise<number | undefined> {
  const row = await db
    .selectFrom('throttle')
    .select(sql<number>`ceil(extract(epoch from open_at - now()))::int`.as('seconds'))
    .where('subject', '=', digest(subject))
    .where('open_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return row && Math.max(1, row.seconds);
}

/** Forgets the failures of a subject. */
export async function clearAttempts(db: Database, subject: Subject): Promise<void> {
  await db.deleteFrom('throttle').where('subject', '=', digest(subject)).execute();
}

/** Undoes the count and the wait of the last attempt, which was successful. */
export async function undoAttempt(db: Database, subject: Subject): Promise<void> {
  await db
    .updateTable('throttle')
    .set((eb) => ({
      failures: sql<number>`greatest(failures - 1, 0)`,
      open_at: eb.ref('updated_at'),
    }))
    .where('subject', '=', digest(subject))
    .execute();
}

/** Deletes counts that no longer apply. */
export async function sweepRateLimits(db: Database): Promise<void> {
  await db
    .deleteFrom('throttle')
    .where('updated_at', '<', sql<Date>`now() - ${FORGOTTEN_AFTER}`)
    .execute();
}

function opensAt(failures: Expression<unknown>, { freeAttempts, maxSeconds }: BackoffPolicy) {
  return sql<Date>`now() + make_interval(secs => case
    when ${failures} <= ${freeAttempts} then 0
    else least(${maxSeconds}, power(2, least(${failures} - ${freeAttempts} - 1, 30)))
  end)`;
}

/**
 * Some people type their password as the user name: it must not be readable in the table. JSON keeps
 * the parts apart, so that no user name can be spelled like another subject.
 */
function digest(subject: Subject): Buffer {
  return createHash('sha256').update(JSON.stringify(subject)).digest();
}
