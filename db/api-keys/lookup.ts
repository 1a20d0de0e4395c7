import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { DatabaseLocation } from '../location.ts';
import { openPool, withTimeouts } from '../pool.ts';
import { endsSoon, type KeyState, keyState, pausedUntil } from './state.ts';

/** A key and its user, as of the statement that found it. */
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
  /** When a paused key resumes by itself; null: never, or it isn't paused. */
  retryAfterSeconds: number | null;
  /** Whether it expires soon, or is the old key of a rotation and expires. */
  endsSoon: boolean;
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

/** By default PostgreSQL plans lookups of a few keys each time, which takes longer than the rest. */
const PLANNED_ONCE = '-c plan_cache_mode=force_generic_plan';

/** All results as one JSON text, which `pg` reads in half the time of as many rows. */
interface Answer {
  /** Null if nothing was found. */
  found: Found[] | null;
}

interface Found extends Omit<KnownKey, keyof Ending> {
  /** The position of the digest that found it, from 1. */
  position: number;
  /** Null for a key that neither expires nor was ever paused, so that a check of it costs no more. */
  ending: (Omit<Ending, 'expiresAt'> & { expiresAt: string | null }) | null;
}

type Ending = Pick<KnownKey, 'expiresAt' | 'retryAfterSeconds' | 'endsSoon'>;

function findKeys(digests: Buffer[]) {
  return sql<Answer>`
    select json_agg(key) as found from (
      select asked.position, k.id, k.prefix, ${keyState('k', 'u')} as state,
        u.id as "userId", u.username, u.permissions,
        coalesce(k.last_used_at > now() - interval '1 minute', false) as "usedLately",
        case when k.paused_until is not null or k.expires_at is not null then json_build_object(
          'expiresAt', k.expires_at,
          'retryAfterSeconds', ceil(extract(epoch from ${pausedUntil('k')} - now()))::int,
          'endsSoon', ${endsSoon('k')}
        ) end as ending
      from unnest(${digests}::bytea[]) with ordinality as asked (digest, position)
        join api_keys k on k.digest = asked.digest
        join users u on u.id = k.user_id
    ) key`;
}

const NO_ENDING: Ending = { expiresAt: null, retryAfterSeconds: null, endsSoon: false };

function inOrder([answer]: Answer[], length: number): (KnownKey | undefined)[] {
  const keys = new Array<KnownKey | undefined>(length).fill(undefined);
  for (const key of answer?.found ?? []) {
    keys[key.position - 1] = { ...key, ...(key.ending ? readEnding(key.ending) : NO_ENDING) };
  }
  return keys;
}

function readEnding({ expiresAt, ...ending }: NonNullable<Found['ending']>): Ending {
  return { ...ending, expiresAt: expiresAt === null ? null : new Date(expiresAt) };
}
