import type { Database } from '../../db/database.ts';
import { clearDeviceAttempts, recordDeviceAttempt, undoDeviceAttempt } from '../../db/devices.ts';
import {
  type BackoffPolicy,
  clearAttempts,
  recordAttempt,
  type Subject,
  undoAttempt,
} from '../../db/rate-limit.ts';
import { count } from '../pages/dates.ts';
import type { Recognized } from './caller.ts';

/** Against guessing one user's password from anywhere. */
export const ACCOUNT: BackoffPolicy = { freeAttempts: 5, maxSeconds: 15 * 60 };
/** For an address from which programs of the user sent the right password: more attempts, short waits. */
export const KNOWN_ADDRESS: BackoffPolicy = { freeAttempts: 10, maxSeconds: 30 };
/**
 * Against trying many user names from one address. One customer has at least a /64 of IPv6, and often
 * a /56 or /48. Many customers can also share a /56 or /48, so these get more attempts.
 */
export const NETWORKS: BackoffPolicy[] = [20, 40, 100].map((freeAttempts) => ({
  freeAttempts,
  maxSeconds: 15 * 60,
}));

/**
 * Against trying many texts as leaked keys, for the same networks. A report of a key of this service
 * does not count.
 */
export const LEAK_REPORTS: BackoffPolicy[] = [10, 20, 50].map((freeAttempts) => ({
  freeAttempts,
  maxSeconds: 15 * 60,
}));

/** Against guessing the codes of a user whose password is known; counted for the user alone. */
export const CODES: BackoffPolicy = { freeAttempts: 5, maxSeconds: 15 * 60 };

interface Limit {
  /** Counts an attempt as failed. Returns the seconds to wait where it is not allowed. */
  record(): Promise<number | undefined>;
  /** Undoes the last `record`. */
  undo(): Promise<void>;
  /** Also forgets earlier failures; absent where a success does not forgive them. */
  clear?(): Promise<void>;
}

type Limited<Result> = { result: Result | undefined } | { retryAfterSeconds: number };

/**
 * Makes an attempt to log in, unless there were too many failed ones.
 *
 * @param username lower case; it may be unknown
 * @param attempt returns undefined when it has failed
 * @param isComplete whether a result forgives the failures before it, as a complete log in does
 */
export function withRateLimit<Result>(
  db: Database,
  username: string,
  caller: Recognized,
  attempt: () => Promise<Result | undefined>,
  isComplete?: (result: Result) => boolean,
): Promise<Limited<Result>> {
  // A known caller has only its own limit: others in the same network may guess other names.
  const isKnown = caller.kind === 'device' || caller.kind === 'known';
  const networks = isKnown ? [] : caller.networks;
  const limits = [
    ...networkLimits(db, 'network', networks, NETWORKS),
    accountLimit(db, username, caller),
  ];
  return withLimits(limits, attempt, isComplete);
}

/**
 * Looks up a reported key, unless too many unknown ones were reported from the same networks. A request
 * without an address is not limited: all such requests would share one limit.
 *
 * @param networks as in `Address`
 * @param attempt returns undefined for an unknown key
 */
export function withReportLimit<Result>(
  db: Database,
  networks: string[],
  attempt: () => Promise<Result | undefined>,
): Promise<Limited<Result>> {
  return withLimits(networkLimits(db, 'leak reports', networks, LEAK_REPORTS), attempt);
}

/**
 * Makes an attempt, unless there were too many failed ones: then returns the seconds to wait. It
 * counts as failed before it is made, and no longer once it has succeeded or thrown. The counts are
 * in the database, so they hold in every process and across restarts.
 */
async function withLimits<Result>(
  limits: Limit[],
  attempt: () => Promise<Result | undefined>,
  isComplete: (result: Result) => boolean = () => true,
): Promise<Limited<Result>> {
  const recorded: Limit[] = [];
  let result: Result | undefined;
  try {
    for (const limit of limits) {
      const retryAfterSeconds = await limit.record();
      if (retryAfterSeconds !== undefined) {
        await undo(recorded);
        return { retryAfterSeconds };
      }
      recorded.push(limit);
    }
    result = await attempt();
  } catch (error) {
    // If the database has failed, undoing fails too, and the first error says more.
    await undo(recorded).catch(() => {});
    throw error;
  }
  if (result !== undefined) {
    const forgives = isComplete(result);
    for (const limit of recorded) await (forgives && limit.clear ? limit.clear() : limit.undo());
  }
  return { result };

  async function undo(limits: Limit[]) {
    for (const limit of limits) await limit.undo();
  }
}

/** Forgets the wrong passwords of an account that were counted for a caller. */
export async function forgiveFailures(
  db: Database,
  username: string,
  caller: Recognized,
): Promise<void> {
  await accountLimit(db, username.toLowerCase(), caller).clear();
}

/**
 * The limit of one account. A known device and a known address of the user's programs each have a
 * separate count, so that guesses from elsewhere can't lock the owner out. Requests without an address
 * have one too, so that guesses without an address delay only such requests.
 */
function accountLimit(db: Database, username: string, caller: Recognized): Required<Limit> {
  if (caller.kind === 'device') return deviceLimit(db, caller.id);
  const [network = ''] = caller.networks;
  if (caller.kind === 'known') {
    return countedLimit(db, ['account at known address', username, network], KNOWN_ADDRESS);
  }
  if (caller.kind === 'none') {
    return countedLimit(db, ['account without address', username], ACCOUNT);
  }
  return countedLimit(db, ['account', username], ACCOUNT);
}

/** A few attempts without a wait; then the device is limited like an unknown one. */
function deviceLimit(db: Database, deviceId: number): Required<Limit> {
  return {
    // Attempts at the same time were the last ones. The next attempt finds the device unknown.
    record: async () => ((await recordDeviceAttempt(db, deviceId)) ? undefined : 1),
    undo: () => undoDeviceAttempt(db, deviceId),
    clear: () => clearDeviceAttempts(db, deviceId),
  };
}

/** One limit for each width of network. */
function networkLimits(
  db: Database,
  kind: string,
  networks: string[],
  policies: BackoffPolicy[],
): Limit[] {
  return policies.flatMap((policy, width) => {
    const network = networks[width];
    if (network === undefined) return [];
    const { record, undo } = countedLimit(db, [kind, network], policy);
    return [{ record, undo }];
  });
}

function countedLimit(db: Database, subject: Subject, policy: BackoffPolicy): Required<Limit> {
  return {
    record: () => recordAttempt(db, subject, policy),
    undo: () => undoAttempt(db, subject),
    clear: () => clearAttempts(db, subject),
  };
}

/** What the page says to those who have to wait. */
export function waitSentence(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const time = seconds < 60 ? count(seconds, 'second') : count(minutes, 'minute');
  return `Too many failed attempts. Try again in ${time}.`;
}
