import type { Logger } from 'pino';
import { type LateUses, recordLateUses } from '../../db/api-keys/late-uses.ts';
import type { Database } from '../../db/database.ts';
import type { Client } from '../../db/events.ts';

const EVERY_MS = 1_000;
/** The uses of a key are written at most once in this time. */
const EACH_KEY_MS = 60_000;
/** How many keys are counted at a time. Others are not, until one of these is unused for EACH_KEY_MS. */
export const MAX_KEYS = 10_000;
/** A statement writes the uses of at most so many keys. */
const LIMIT = 1_000;

interface Counted extends LateUses {
  /** When the uses may be written, by the clock of `performance.now()`. */
  dueAtMs: number;
}

/**
 * Counts the checks of keys that have expired, were removed or are paused, and adds the counts to those
 * in the database: for each key the first time within about a second, and then at most once a minute, so
 * that a program that keeps trying costs no more writes than one whose key is active. `close()` writes
 * what is left.
 */
export function collectLateUses(db: Database, log: Logger) {
  const counted = new Map<number, Counted>();
  const timer = setInterval(flushDue, EVERY_MS).unref();

  return {
    note(keyId: number, client: Client, { isPaused = false } = {}) {
      const key = counted.get(keyId);
      if (key) {
        const count = key.isPaused === isPaused ? key.count : 0;
        Object.assign(key, client, { isPaused, count: count + 1 });
      } else if (counted.size < MAX_KEYS) {
        counted.set(keyId, { keyId, ...client, isPaused, count: 1, dueAtMs: 0 });
      }
    },
    async close() {
      clearInterval(timer);
      await flush([...counted.values()]);
    },
  };

  async function flushDue(): Promise<void> {
    const now = performance.now();
    const due = [...counted.values()].filter(({ dueAtMs }) => dueAtMs <= now);
    // Keys that were not used since the last write make room for others.
    for (const { keyId, count } of due) if (count === 0) counted.delete(keyId);
    await flush(due);
  }

  async function flush(keys: Counted[]): Promise<void> {
    const taken = keys.filter(({ count }) => count > 0).map(take);
    for (let at = 0; at < taken.length; at += LIMIT) await write(taken.slice(at, at + LIMIT));
  }

  /** The uses so far. Later ones are written the next time. */
  function take(key: Counted): LateUses {
    const { dueAtMs: _, ...uses } = key;
    key.count = 0;
    key.dueAtMs = performance.now() + EACH_KEY_MS;
    return uses;
  }

  async function write(batch: LateUses[]): Promise<void> {
    try {
      await recordLateUses(db, batch);
    } catch (err) {
      log.error({ err }, 'the late uses of keys were not written');
      for (const { keyId, isPaused, count } of batch) {
        const key = counted.get(keyId);
        if (key?.isPaused === isPaused) key.count += count;
      }
    }
  }
}
