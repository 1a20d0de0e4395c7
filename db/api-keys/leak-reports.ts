import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { statement, type Value } from '../statement.ts';
import { endedSince, MAX_ENDED_COUNTED } from './ended.ts';
import { endOf } from './state.ts';

/** A report is shown to the owner of the key for so long. */
const LEAK_REPORT_DAYS = 30;
const MAX_REPORTS_SHOWN = 5;

/** A key that was removed because its whole text was reported as leaked. */
export interface LeakReport {
  label: string;
  prefix: string;
  at: Date;
  /** The database's clock when this was read. */
  readAt: Date;
}

/** A user's keys that a report has removed lately, the newest first. */
export function listLeakReports(db: Database, userId: number): Promise<LeakReport[]> {
  return listReports(db, { userId });
}

const listReports = statement('list leak reports', (db, value: Value<{ userId: number }>) =>
  db
    .selectFrom(
      db
        .selectFrom('api_keys')
        .select(['id', 'label', 'prefix', 'leaked_at', 'removed_via'])
        // A report that removes a key is as old as its removal.
        .where(
          endedSince(
            value('userId'),
            sql`now() - make_interval(days => ${sql.lit(LEAK_REPORT_DAYS)})`,
          ),
        )
        .orderBy(endOf('api_keys'), 'desc')
        .limit(sql.lit(MAX_ENDED_COUNTED))
        .as('newest'),
    )
    .select(['label', 'prefix', 'leaked_at as at', sql<Date>`now()`.as('readAt')])
    .where('leaked_at', 'is not', null)
    .where('removed_via', 'is', null)
    .orderBy('leaked_at', 'desc')
    .orderBy('id', 'desc')
    .limit(sql.lit(MAX_REPORTS_SHOWN))
    .$narrowType<{ at: Date }>()
    .compile(),
);
