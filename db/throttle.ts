import { createHash } from 'node:crypto';
import { type Expression, sql } from 'kysely';
import type { Database } from './database.ts';

/** How patient we are with something that fails again and again. */
export interface Patience {
  /** So many failures in a row cost nothing. */
  free: number;
  /** Then the wait doubles, from a second up to this. */
  maxSeconds: number;
}

const FORGOTTEN_AFTER = sql`interval '1 day'`;

/**
 * Counts an attempt as failed before it is made, in one statement, so that many at once can't all
 * slip through. Returns undefined where it may be made, else the seconds to wait (at least 1).
 */
export async function takeAttempt(
  db: Database,
  subject: string,
  patience: Patience,
): Promise<number | undefined> {
  const failures = sql<number>`case
    when throttle.updated_at < now() - ${FORGOTTEN_AFTER} then 1
    else throttle.failures + 1
  end`;
  const taken = await db
    .insertInto('throttle')
    .values({ subject: digest(subject), failures: 1, open_at: opensAt(sql`1`, patience) })
    .onConflict((conflict) =>
      conflict
        .column('subject')
        .doUpdateSet({
          failures,
          open_at: opensAt(failures, patience),
          updated_at: sql<Date>`now()`,
        })
        // Not now(), which is when this began: while it waited for the row, somebody else who began
        // later may have opened it as of then.
        .where('throttle.open_at', '<=', sql<Date>`clock_timestamp()`),
    )
    .returning('failures')
    .executeTakeFirst();
  return taken ? undefined : secondsLeft(db, subject);
}

/** Forgets the failures of a subject. */
export async function forgiveAttempts(db: Database, subject: string): Promise<void> {
  await db.deleteFrom('throttle').where('subject', '=', digest(subject)).execute();
}

/** Takes back the last attempt, which turned out to be right, and the wait that it has set. */
export async function forgiveAttempt(db: Database, subject: string): Promise<void> {
  await db
    .updateTable('throttle')
    .set((eb) => ({
      failures: sql<number>`greatest(failures - 1, 0)`,
      open_at: eb.ref('updated_at'),
    }))
    .where('subject', '=', digest(subject))
    .execute();
}

/** Deletes what is forgotten. */
export async function sweepThrottle(db: Database): Promise<void> {
  await db
    .deleteFrom('throttle')
    .where('updated_at', '<', sql<Date>`now() - ${FORGOTTEN_AFTER}`)
    .execute();
}

/** Whether a user has ever logged in from an address, and the network it counts as. */
export async function lookUpAddress(
  db: Database,
  username: string,
  ip: string,
): Promise<{ isKnown: boolean; network: string }> {
  return db
    .selectNoFrom((eb) => [
      eb
        .exists(
          eb
            .selectFrom('events')
            .innerJoin('users', 'users.id', 'events.user_id')
            .select('events.id')
            // As it stands in the index for this, so that a plan for any parameter can use it too.
            .where('events.kind', '=', sql.lit('log in' as const))
            .where('events.ip', '=', ip)
            .where(sql`lower(users.username)`, '=', username.toLowerCase()),
        )
        .$castTo<boolean>()
        .as('isKnown'),
      // Whoever has one IPv6 address has a whole /64 of them.
      sql<string>`host(network(set_masklen(${ip}::inet,
        case family(${ip}::inet) when 4 then 32 else 64 end)))`.as('network'),
    ])
    .executeTakeFirstOrThrow();
}

async function secondsLeft(db: Database, subject: string): Promise<number> {
  const row = await db
    .selectFrom('throttle')
    .select(sql<number>`ceil(extract(epoch from open_at - now()))::int`.as('seconds'))
    .where('subject', '=', digest(subject))
    .executeTakeFirst();
  return Math.max(1, row?.seconds ?? 1);
}

function opensAt(failures: Expression<unknown>, { free, maxSeconds }: Patience) {
  return sql<Date>`now() + make_interval(secs => case
    when ${failures} <= ${free} then 0
    else least(${maxSeconds}, power(2, least(${failures} - ${free} - 1, 30)))
  end)`;
}

/** People type passwords where a user name belongs; the table is no place for them. */
function digest(subject: string): Buffer {
  return createHash('sha256').update(subject).digest();
}
