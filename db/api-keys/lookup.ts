import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { DatabaseLocation } from '../location.ts';
import { openPool, withTimeouts } from '../pool.ts';
import { type KeyState, keyState } from './state.ts';

/** What is known of a key, whoever asks: true at the moment of the statement that found it. */
export interface KnownKey {
  id: number;
  prefix: string;
  /** Null: never. */
  expiresAt: Date | null;
  state: KeyState;
  userId: number;
  username: string;
  /** What its user may do now; `*` is everything. */
  permissions: string[];
  /** Within the last minute. */
  usedLately: boolean;
}

export interface KeyLookup {
  /** The keys with these digests, in their order, by one statement; undefined where there is none. */
  find(digests: Buffer[]): Promise<(KnownKey | undefined)[]>;
  close(): Promise<void>;
}

/**
 * On PostgreSQL lookups have a connection of their own, which no page can keep busy, and a
 * statement that is prepared once. The embedded database has one connection for everything.
 */
export function openKeyLookup(db: Database, location: DatabaseLocation): KeyLookup {
  if (!('url' in location)) {
    return {
      async find(digests) {
        const { rows } = await findKeys(digests).execute(db);
        return inOrder(rows, digests.length);
      },
      async close() {},
    };
  }
  const pool = openPool({ ...withTimeouts(location.url), max: 1, options: PLANNED_ONCE });
  const { sql: text } = findKeys([]).compile(db);
  return {
    async find(digests) {
      const { rows } = await pool.query<Answer>({ name: 'find-keys', text, values: [digests] });
      return inOrder(rows, digests.length);
    },
    close: () => pool.end(),
  };
}

/** Left to itself, PostgreSQL plans a few keys anew each time; that takes longer than the rest. */
const PLANNED_ONCE = '-c plan_cache_mode=force_generic_plan';

/** All that was found in one JSON text, which is read in half the time of so many rows. */
interface Answer {
  /** Null: nothing. */
  found: Found[] | null;
}

interface Found extends Omit<KnownKey, 'expiresAt'> {
  /** Which of the digests it was found by, from 1. */
  place: number;
  expiresAt: string | null;
}

function findKeys(digests: Buffer[]) {
  return sql<Answer>`
    select json_agg(key) as found from (
      select asked.place, k.id, k.prefix, k.expires_at as "expiresAt",
        ${keyState('k', 'u')} as state,
        u.id as "userId", u.username, u.permissions,
        coalesce(k.last_used_at > now() - interval '1 minute', false) as "usedLately"
      from unnest(${digests}::bytea[]) with ordinality as asked (digest, place)
        join api_keys k on k.digest = asked.digest
        join users u on u.id = k.user_id
    ) key`;
}

function inOrder([answer]: Answer[], length: number): (KnownKey | undefined)[] {
  const keys = new Array<KnownKey | undefined>(length).fill(undefined);
  for (const key of answer?.found ?? []) {
    const expiresAt = key.expiresAt === null ? null : new Date(key.expiresAt);
    keys[key.place - 1] = { ...key, expiresAt };
  }
  return keys;
}
