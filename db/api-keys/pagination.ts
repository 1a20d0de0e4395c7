import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database.ts';
import { type Given, statement, type Value } from '../statement.ts';
import { type ApiKey, selectKeys } from './list.ts';
import { expiresSoon, hasNotEnded, isNeverUsed, isUnused } from './state.ts';

export const KEYS_PER_PAGE = 25;
/** Counts stop here: counting must not cost more than showing a page does. */
export const MAX_COUNTED_KEYS = 1_000;

export type KeySort = 'created' | 'label' | 'expires';
export type KeyFilter = 'expires-soon' | 'never-used' | 'unused';

/**
 * Which of a user's keys that have not ended to list, and in which order. Keys with equal values are ordered
 * by id.
 */
export interface KeyQuery {
  sort: KeySort;
  isDescending: boolean;
  filter: KeyFilter | undefined;
  /** Part of a label, of a prefix or of an address, in any case; empty: all keys. */
  search: string;
}

/**
 * A page begins after a key, or ends before one. Without a cursor: `after` is the first page, `before`
 * the last.
 */
export interface PagePosition {
  side: 'after' | 'before';
  cursor?: KeyCursor | undefined;
}

/** A key's place in the list: it stays valid when the key changes or is removed. */
export interface KeyCursor {
  /** What the list is sorted by: microseconds since 1970 or `never`, or the label in lower case. */
  value: string;
  id: number;
}

export interface KeyPage {
  keys: ApiKey[];
  /** The first key, if there are keys before it. */
  previous: KeyCursor | undefined;
  /** The last key, if there are keys after it. */
  next: KeyCursor | undefined;
}

/** A page of a user's keys that have not ended: KEYS_PER_PAGE of them at most. */
export async function listKeyPage(
  db: Database,
  userId: number,
  query: KeyQuery,
  { side, cursor }: PagePosition,
): Promise<KeyPage> {
  const isForward = side === 'after';
  const rows = isUsual(query, { side, cursor })
    ? await listOldestKeys(db, { userId })
    : await selectPage(db, userId, query, { side, cursor }).execute();
  const isWhole = rows.length <= KEYS_PER_PAGE;
  const shown = rows.slice(0, KEYS_PER_PAGE);
  if (!isForward) shown.reverse();
  const [first, last] = [shown[0], shown.at(-1)];
  const isFirst = isForward ? cursor === undefined : isWhole;
  const isLast = isForward ? isWhole : cursor === undefined;
  return {
    keys: shown.map(({ sortedBy: _, ...key }) => key),
    previous: isFirst || !first ? undefined : { value: first.sortedBy, id: first.id },
    next: isLast || !last ? undefined : { value: last.sortedBy, id: last.id },
  };
}

/** What the page of keys shows first. */
export const USUAL_QUERY: KeyQuery = {
  sort: 'created',
  isDescending: false,
  filter: undefined,
  search: '',
};

function isUsual({ sort, isDescending, filter, search }: KeyQuery, { side, cursor }: PagePosition) {
  const isFirst = side === 'after' && cursor === undefined;
  return isFirst && sort === 'created' && !isDescending && filter === undefined && search === '';
}

const listOldestKeys = statement(
  'list oldest keys',
  (db, value: Value<{ userId: number }>) =>
    selectPage(db, value('userId'), USUAL_QUERY, { side: 'after' }).compile(),
  { plan: 'each time' },
);

/** One key more than the page has, to see whether there are more. */
function selectPage(
  db: Database,
  userId: Given<number>,
  query: KeyQuery,
  { side, cursor }: PagePosition,
) {
  const { column, cursorValue, parseValue } = sortColumn(query);
  const isAscending = query.isDescending !== (side === 'after');
  let rest = matchingKeys(db, userId, query).select(cursorValue.as('sortedBy'));
  if (cursor) {
    const operator = isAscending ? sql`>` : sql`<`;
    rest = rest.where(
      sql<boolean>`(${column}, id) ${operator} (${parseValue(cursor.value)}, ${cursor.id}::bigint)`,
    );
  }
  const direction = isAscending ? 'asc' : 'desc';
  return rest
    .orderBy(column, direction)
    .orderBy('id', direction)
    .limit(sql.lit(KEYS_PER_PAGE + 1));
}

export type KeyCounts = Record<'all' | KeyFilter, number> & {
  /** Whether more than MAX_COUNTED_KEYS keys have not ended: then each count is of the oldest ones. */
  isPartial: boolean;
};

/** How many keys of a user have not ended, and how many of them each filter shows. */
export async function countKeys(db: Database, userId: number): Promise<KeyCounts> {
  const [counted] = await countOldestKeys(db, { userId });
  if (!counted) throw new Error('unreachable: counting always has a result');
  const { all, ...counts } = counted;
  return { ...counts, all: Math.min(all, MAX_COUNTED_KEYS), isPartial: all > MAX_COUNTED_KEYS };
}

const countOldestKeys = statement(
  'count keys',
  (db, value: Value<{ userId: number }>) =>
    db
      .selectFrom(
        db
          .selectFrom('api_keys')
          .select(['created_at', 'expires_at', 'last_used_at'])
          .where('user_id', '=', value('userId'))
          .where(hasNotEnded('api_keys'))
          .orderBy('created_at')
          .orderBy('id')
          .limit(sql.lit(MAX_COUNTED_KEYS + 1))
          .as('api_keys'),
      )
      .select((eb) => {
        const count = eb.fn.countAll<number>();
        return [
          count.as('all'),
          count.filterWhere(expiresSoon('api_keys')).as('expires-soon'),
          count.filterWhere(isNeverUsed('api_keys')).as('never-used'),
          count.filterWhere(isUnused('api_keys')).as('unused'),
        ];
      })
      .compile(),
  { plan: 'each time' },
);

function matchingKeys(db: Database, userId: Given<number>, { filter, search }: KeyQuery) {
  let query = selectKeys(db, userId).where(hasNotEnded('api_keys'));
  if (filter) query = query.where(filters[filter]('api_keys'));
  if (search === '') return query;
  const text = sql`lower(${search})`;
  return query.where(sql<boolean>`(
    position(${text} in lower(label)) > 0
    or position(${text} in lower(prefix)) > 0
    or position(${text} in host(created_ip)) > 0
    or position(${text} in host(last_used_ip)) > 0)`);
}

const filters = {
  'expires-soon': expiresSoon,
  'never-used': isNeverUsed,
  unused: isUnused,
} satisfies Record<KeyFilter, unknown>;

interface SortColumn {
  column: RawBuilder<unknown>;
  /** The column's value as text, without losing precision. */
  cursorValue: RawBuilder<string>;
  /** The column's value from that text. */
  parseValue(text: string): RawBuilder<unknown>;
}

function sortColumn({ sort, isDescending }: KeyQuery): SortColumn {
  if (sort === 'label') {
    return {
      column: sql`(lower(label) collate "C")`,
      cursorValue: sql`lower(label)`,
      parseValue: (text) => sql`(${text}::text collate "C")`,
    };
  }
  if (sort === 'created') {
    return {
      column: sql`created_at`,
      cursorValue: microseconds('created_at'),
      parseValue: timestamp,
    };
  }
  // Keys that never expire come last in both directions.
  const never = isDescending ? sql`timestamptz '-infinity'` : sql`timestamptz 'infinity'`;
  return {
    column: sql`coalesce(expires_at, ${never})`,
    cursorValue: sql`coalesce(${microseconds('expires_at')}, 'never')`,
    parseValue: (text) => (text === 'never' ? never : timestamp(text)),
  };
}

/** Since 1970, as text. */
function microseconds(column: string) {
  return sql<string>`(extract(epoch from ${sql.ref(column)}) * 1000000)::bigint::text`;
}

function timestamp(microseconds: string) {
  return sql`(timestamptz 'epoch' + ${microseconds}::bigint * interval '1 microsecond')`;
}
