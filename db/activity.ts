// The events of a user, as their pages and downloads list them.
import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { EventDetails, EventKind } from './event-kinds.ts';
import type { Client } from './events.ts';
import { networkOf } from './known-addresses.ts';
import { type Given, statement, type Value } from './statement.ts';

/** How many events are read for a row of a page, at most, so that a page of long runs stays bounded. */
const EVENTS_READ_FOR_A_ROW = 20;
/** How many events are shown on pages that are about something else. */
export const FEW_EVENTS = 5;
/** How many events a download reads at once. */
export const EVENTS_IN_BATCH = 500;

/** What a list is limited to. Another user's key has no events here. */
export interface ActivityFilter {
  keyId?: number;
  kind?: string;
}

/** Where a page begins: with the events older or newer than the one with this id. */
export type ActivityCursor = { before: number } | { after: number };

export interface RecordedEvent extends Client {
  id: number;
  at: Date;
  /** An EventKind, or one that only a later version of this program knows. */
  kind: string;
  keyId: number | null;
  details: EventDetails;
}

/**
 * A row of a page: an event, or a run of failed log ins that follow each other in the list and came
 * from the same network (an IPv4 address, or the /64 of an IPv6 address).
 */
export interface Activity extends Omit<RecordedEvent, 'id' | 'userAgent'> {
  newestId: number;
  oldestId: number;
  /** How many events the row stands for: the newest is at `at`, the oldest at `since`. */
  count: number;
  since: Date;
  /** For a run from several addresses their network, as CIDR. */
  ip: string | null;
  /** Undefined for a run of several programs. */
  userAgent: string | undefined;
}

export interface ActivityPage {
  /** Newest first. */
  rows: Activity[];
  hasNewer: boolean;
  hasOlder: boolean;
}

/**
 * A page of a user's events; without a cursor the newest. It ends after `length` rows, or after
 * EVENTS_READ_FOR_A_ROW events for each of them; then the next page continues the run that was cut. So
 * each event is counted on exactly one page, and a page of any list costs about the same.
 */
export async function listActivity(
  db: Database,
  userId: number,
  {
    length,
    filter = {},
    cursor,
  }: { length: number; filter?: ActivityFilter; cursor?: ActivityCursor | undefined },
): Promise<ActivityPage> {
  const isBackwards = cursor !== undefined && 'after' in cursor;
  const isUsual = length === FEW_EVENTS && !cursor && Object.keys(filter).length === 0;
  const found = isUsual
    ? await listFewRuns(db, { userId })
    : await selectRuns(db, userId, filter, cursor, length).execute();
  const rows = found.slice(0, length).filter(({ isBeyond }) => !isBeyond);
  const hasMore = rows.length < found.length;
  if (isBackwards) rows.reverse();
  const page = rows.map(({ isBeyond: _, userAgent, ...row }) => ({
    ...row,
    userAgent: userAgent ?? undefined,
  }));
  const edge = isBackwards ? page.at(-1)?.oldestId : page[0]?.newestId;
  const hasOthers =
    cursor !== undefined &&
    edge !== undefined &&
    (await hasEvents(db, userId, filter, isBackwards ? { before: edge } : { after: edge }));
  return {
    rows: page,
    hasNewer: isBackwards ? hasMore : hasOthers,
    hasOlder: isBackwards ? hasOthers : hasMore,
  };
}

/**
 * In the direction of the cursor, one row more than asked for, to see whether there are more. A row is
 * beyond if it is not part of the page, however few rows the page has.
 */
function selectRuns(
  db: Database,
  userId: Given<number>,
  filter: ActivityFilter,
  cursor: ActivityCursor | undefined,
  length: number,
) {
  const eventsRead = length * EVENTS_READ_FOR_A_ROW;
  const direction = cursor !== undefined && 'after' in cursor ? 'asc' : 'desc';
  const previous = sql`over (order by id ${sql.raw(direction)})`;
  return db
    .with('read', () =>
      selectEvents(db, userId, filter, cursor)
        .orderBy('id', direction)
        .limit(sql.lit(eventsRead + 1)),
    )
    .with('placed', (cte) =>
      cte
        .selectFrom('read')
        .selectAll()
        .select([
          networkOf(sql.ref('ip')).as('network'),
          sql<number>`row_number() ${previous}`.as('place'),
        ]),
    )
    .with('compared', (cte) =>
      cte
        .selectFrom('placed')
        .selectAll()
        .select([
          sql<boolean>`place > ${sql.lit(eventsRead)}`.as('isBeyond'),
          sql<boolean>`kind = ${sql.lit<EventKind>('failed log in')}
          and lag(kind) ${previous} = kind
          and lag(network) ${previous} is not distinct from network
          and place <= ${sql.lit(eventsRead)}`.as('continues'),
        ]),
    )
    .with('numbered', (cte) =>
      cte
        .selectFrom('compared')
        .selectAll()
        .select(
          sql<number>`count(*) filter (where continues is not true) over (order by place)`.as(
            'run',
          ),
        ),
    )
    .selectFrom('numbered')
    .select([
      sql<number>`max(id)`.as('newestId'),
      sql<number>`min(id)`.as('oldestId'),
      sql<string>`min(kind)`.as('kind'),
      sql<number>`count(*)::int`.as('count'),
      sql<Date>`max(at)`.as('at'),
      sql<Date>`min(at)`.as('since'),
      sql<number | null>`min("keyId")`.as('keyId'),
      sql<EventDetails>`(array_agg(details order by id desc))[1]`.as('details'),
      sql<string | null>`case
        when min(ip) is not distinct from max(ip) then host(min(ip)) else max(network)::text
      end`.as('ip'),
      sql<
        string | null
      >`case when min("userAgent") = max("userAgent") then min("userAgent") end`.as('userAgent'),
      sql<boolean>`bool_or("isBeyond")`.as('isBeyond'),
    ])
    .groupBy('run')
    .orderBy('run')
    .limit(sql.lit(length + 1));
}

const listFewRuns = statement('list newest events', (db, value: Value<{ userId: number }>) =>
  selectRuns(db, value('userId'), {}, undefined, FEW_EVENTS).compile(),
);

async function hasEvents(
  db: Database,
  userId: number,
  filter: ActivityFilter,
  cursor: ActivityCursor,
): Promise<boolean> {
  const found = await selectEvents(db, userId, filter, cursor)
    // Without an order, PostgreSQL may look for it in the whole table.
    .orderBy('id', 'after' in cursor ? 'asc' : 'desc')
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** All events of a user that pass a filter, newest first, in batches: there may be millions. */
export async function* readEvents(
  db: Database,
  userId: number,
  filter: ActivityFilter,
): AsyncGenerator<RecordedEvent[]> {
  let cursor: ActivityCursor | undefined;
  let batch: RecordedEvent[];
  do {
    batch = await selectEvents(db, userId, filter, cursor)
      .orderBy('id', 'desc')
      .limit(EVENTS_IN_BATCH)
      .execute();
    yield batch;
    cursor = { before: batch.at(-1)?.id ?? 0 };
  } while (batch.length === EVENTS_IN_BATCH);
}

function selectEvents(
  db: Database,
  userId: Given<number>,
  { keyId, kind }: ActivityFilter,
  cursor: ActivityCursor | undefined,
) {
  let query = db
    .selectFrom('events')
    .select(['id', 'at', 'kind', 'key_id as keyId', 'ip', 'user_agent as userAgent', 'details'])
    .where('user_id', '=', userId);
  if (keyId !== undefined) query = query.where('key_id', '=', keyId);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (cursor === undefined) return query;
  return 'after' in cursor
    ? query.where('id', '>', cursor.after)
    : query.where('id', '<', cursor.before);
}
