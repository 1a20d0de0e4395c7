import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { type Client, insertEvent } from '../events.ts';
import { statement, type Value } from '../statement.ts';
import { hasId } from './change.ts';

/** How long a report is shown to the owner of the key, unless they dismiss it. */
const LEAK_REPORT_DAYS = 30;
const MAX_REPORTS_SHOWN = 5;

/** A key whose whole text was reported as leaked. */
interface LeakReport {
  id: number;
  label: string;
  prefix: string;
  at: Date;
  /** Whether the key had been removed before the report. */
  wasRemoved: boolean;
  /** The database's clock when this was read. */
  readAt: Date;
}

/** A user's keys that were reported lately, the newest first, without those that were dismissed. */
export function listLeakReports(db: Database, userId: number): Promise<LeakReport[]> {
  return listReports(db, { userId });
}

/** Reports by others: an owner who removes a key as leaked needs no warning. */
const isOfOthers = sql<boolean>`(removed_via is null or leaked_at > removed_at)`;

const listReports = statement('list leak reports', (db, value: Value<{ userId: number }>) =>
  db
    .selectFrom('api_keys')
    .select([
      'id',
      'label',
      'prefix',
      'leaked_at as at',
      sql<boolean>`leaked_at > removed_at`.as('wasRemoved'),
      sql<Date>`now()`.as('readAt'),
    ])
    .where('user_id', '=', value('userId'))
    .where('leaked_at', '>', sql<Date>`now() - make_interval(days => ${sql.lit(LEAK_REPORT_DAYS)})`)
    .where(isOfOthers)
    .where('leak_seen_at', 'is', null)
    .orderBy('leaked_at', 'desc')
    .orderBy('id', 'desc')
    .limit(sql.lit(MAX_REPORTS_SHOWN))
    .$narrowType<{ at: Date }>()
    .compile(),
);

/** Dismisses the reports of these keys of a user: they are not shown any more. Ignores other keys. */
export async function dismissLeakReports(
  db: Database,
  userId: number,
  ids: number[],
  from: Client,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const dismissed = await trx
      .updateTable('api_keys')
      .set({ leak_seen_at: sql<Date>`now()` })
      .where('user_id', '=', userId)
      .where(hasId(ids))
      .where('leaked_at', 'is not', null)
      .where('leak_seen_at', 'is', null)
      .returning(['id', 'label', 'prefix'])
      .execute();
    for (const { id, label, prefix } of dismissed) {
      const details = { label, prefix };
      await insertEvent(trx, { kind: 'leak dismissed', userId, keyId: id, details, ...from });
    }
  });
}
