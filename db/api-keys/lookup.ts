import { sql } from 'kysely';
import { type Database, serversAt } from '../database.ts';
import type { DatabaseLocation } from '../location.ts';
import { openPool, withTimeouts } from '../pool.ts';
import { keepsStatements, type Run, runnerOn } from '../pooler.ts';
import { endsSoon, isKeyState, type KeyState, keyState, pausedUntil } from './state.ts';

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
  /**
   * The keys with these digests, in their order, by one statement; undefined where there is none.
   *
   * @param digests in hexadecimal
   */
  find(digests: string[]): Promise<(KnownKey | undefined)[]>;
  /**
   * False while keys may only be read from a standby that must not be read. Does not say whether the
   * database answers.
   */
  readonly isReady: boolean;
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
        const { rows } = await findKeys(digests.join()).execute(db);
        return inOrder(rows, digests.length);
      },
      isReady: true,
      async close() {},
    };
  }
  const config = { ...withTimeouts(location), max: 1 };
  const isPlannedOnce = keepsStatements(location);
  const servers = serversAt(location, db);
  const pool = openPool(servers, isPlannedOnce ? { ...config, options: PLANNED_ONCE } : config);
  const run = runnerOn(pool, location);
  const find = keyFinder(db);
  return { find: (digests) => find(run, digests), isReady: true, close: () => pool.end() };
}

/** Returns a function that looks keys up over any connection. */
export function keyFinder(db: Database) {
  const { sql: text } = findKeys('').compile(db);
  return async (run: Run, digests: string[]): Promise<(KnownKey | undefined)[]> => {
    const rows = await run<Answer>({ name: 'find-keys', text, values: [digests.join()] });
    return inOrder(rows, digests.length);
  };
}

/** By default PostgreSQL plans a lookup of a few keys each time, which takes longer than to run it. */
export const PLANNED_ONCE = '-c plan_cache_mode=force_generic_plan';

/**
 * All results as one text, which `pg` reads faster than rows, and JavaScript faster than JSON: a line for
 * each key, with its fields between tabs. Constraints of the tables keep both out of every field.
 */
interface Answer {
  /** Null if nothing was found. */
  found: string | null;
}

/** The fields of a line, in the order in which `readKey` takes them. */
function findKeys(digests: string) {
  return sql<Answer>`
    select string_agg(concat(asked.position, ${TAB}, k.id, ${TAB}, k.prefix, ${TAB},
      ${keyState('k', 'u')}, ${TAB}, u.id, ${TAB}, u.username, ${TAB},
      array_to_string(u.permissions, ' '), ${TAB},
      case when k.last_used_at > now() - interval '1 minute' then 1 end, ${TAB},
      case when k.paused_until is not null or k.expires_at is not null then concat(
        floor(extract(epoch from k.expires_at) * 1000), ${TAB},
        ceil(extract(epoch from ${pausedUntil('k')} - now())), ${TAB},
        case when ${endsSoon('k')} then 1 end
      ) end
    ), ${sql.lit('\n')}) as found
    from unnest(string_to_array(${digests}, ',')) with ordinality as asked (digest, position)
      join api_keys k on k.digest = decode(asked.digest, 'hex')
      join users u on u.id = k.user_id`;
}

const TAB = sql.lit('\t');

function inOrder([answer]: Answer[], length: number): (KnownKey | undefined)[] {
  const keys = new Array<KnownKey | undefined>(length).fill(undefined);
  if (!answer?.found) return keys;
  for (const line of answer.found.split('\n')) {
    const [position, ...fields] = line.split('\t');
    keys[Number(position) - 1] = readKey(fields);
  }
  return keys;
}

function readKey(fields: string[]): KnownKey {
  const [id, prefix = '', state = '', userId, username = '', permissions = '', usedLately] = fields;
  const [expiresAt = '', retryAfterSeconds = '', ends] = fields.slice(7);
  if (!isKeyState(state)) throw new Error(`A key has the unknown state ${state}.`);
  return {
    id: Number(id),
    prefix,
    state,
    userId: Number(userId),
    username,
    permissions: permissions === '' ? [] : permissions.split(' '),
    usedLately: usedLately === '1',
    expiresAt: expiresAt === '' ? null : new Date(Number(expiresAt)),
    retryAfterSeconds: retryAfterSeconds === '' ? null : Number(retryAfterSeconds),
    endsSoon: ends === '1',
  };
}
