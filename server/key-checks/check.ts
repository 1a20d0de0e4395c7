import type { Logger } from 'pino';
import type { KeyLookup, KnownKey } from '../../db/api-keys/lookup.ts';
import type { Database } from '../../db/database.ts';
import { hexDigestOf, isWellFormed } from '../api-keys/secret.ts';
import type { Sender } from '../http/client.ts';
import { signals } from '../metrics/signals.ts';
import { batched } from './batched.ts';
import { collectLateUses } from './late-uses.ts';
import type { RefusalReason } from './outcomes.ts';
import { endOfTurn } from './turn.ts';
import { collectKeyUses } from './uses.ts';

/** The result of a check, as the database knows it at this moment. */
export type Verdict = { key: KnownKey } | Refusal;

export interface Refusal {
  key?: never;
  refusal: RefusalReason;
  expiredAt?: Date | null;
  /** In how many seconds a paused key resumes by itself; null: never. */
  retryAfterSeconds?: number | null;
}

export interface KeyChecks {
  /**
   * Nothing is remembered between one check and the next, so a removal, an expiry, a pause, a disabled
   * user or a change of permissions holds from the next request on, in every process.
   *
   * Rejects when the database is away.
   *
   * @param from its client is found only when the use of the key is noted.
   */
  check(presented: ReadonlySet<string>, from: Sender): Promise<Verdict>;
  /** False while checks can't be read from their standby. */
  readonly isReady: boolean;
  /** Writes the uses that are still to be written, and closes what the checks read from. */
  close(): Promise<void>;
}

/** Checks keys, and notes their uses in the database, until it is closed. */
export function startKeyChecks(db: Database, lookup: KeyLookup, log: Logger): KeyChecks {
  const find = batched((digests: string[]) => {
    signals.emit('key lookup', digests.length);
    return lookup.find(digests).catch((err) => {
      // Once for all the checks that wait.
      log.error({ err }, 'keys could not be checked');
      throw err;
    });
  });
  const uses = collectKeyUses(db, log);
  const lateUses = collectLateUses(db, log);

  return {
    async check(presented, from) {
      let verdict: Verdict;
      try {
        verdict = await judge(presented, from);
      } catch (error) {
        signals.emit('key check', 'unavailable');
        throw error;
      }
      signals.emit('key check', verdict.key ? 'good' : verdict.refusal);
      return verdict;
    },
    get isReady() {
      return lookup.isReady;
    },
    async close() {
      await Promise.all([uses.close(), lateUses.close()]);
      await lookup.close();
    },
  };

  async function judge(presented: ReadonlySet<string>, from: Sender): Promise<Verdict> {
    const [secret] = presented;
    if (presented.size > 1) return together(AMBIGUOUS);
    if (secret === undefined) return together(MISSING);
    // The database is not asked about typos and junk.
    if (!isWellFormed(secret)) return together(UNKNOWN);
    const key = await find(hexDigestOf(secret));
    if (key === undefined) return UNKNOWN;
    // The owner of the key sees from this why a program has stopped working.
    const isPaused = key.state === 'paused';
    const isLate = isPaused || key.state === 'removed' || key.state === 'expired';
    if (isLate) lateUses.note(key.id, from.client(), { isPaused });
    if (key.state === 'expired') return { refusal: 'expired', expiredAt: key.expiresAt };
    if (key.state === 'paused') {
      return { refusal: 'paused', retryAfterSeconds: key.retryAfterSeconds };
    }
    if (key.state !== 'active') return { refusal: key.state };
    uses.note(key, from);
    return { key };
  }
}

const MISSING: Refusal = { refusal: 'missing' };
const AMBIGUOUS: Refusal = { refusal: 'ambiguous' };
const UNKNOWN: Refusal = { refusal: 'unknown' };

/** Requests that came together are answered together, which takes Node little more than half the time. */
async function together(refusal: Refusal): Promise<Refusal> {
  await endOfTurn();
  return refusal;
}
