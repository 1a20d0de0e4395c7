import type { Database } from '../../db/database.ts';
import type { Address } from '../../db/known-addresses.ts';
import {
  type BackoffPolicy,
  clearAttempts,
  recordAttempt,
  type Subject,
  undoAttempt,
} from '../../db/rate-limit.ts';
import { count } from '../pages/dates.ts';

/** Against guessing one user's password from anywhere. */
export const ACCOUNT: BackoffPolicy = { freeAttempts: 5, maxSeconds: 15 * 60 };
/** For an address that the user has logged in from: more attempts, and only short waits. */
export const KNOWN_ADDRESS: BackoffPolicy = { freeAttempts: 10, maxSeconds: 30 };
/**
 * Against trying many user names from one address. One customer has at least a /64 of IPv6, and often
 * a /56 or /48; these may as well be many customers, so they get more attempts.
 */
export const NETWORKS: BackoffPolicy[] = [20, 40, 100].map((freeAttempts) => ({
  freeAttempts,
  maxSeconds: 15 * 60,
}));

/**
 * Against trying many texts as leaked keys: for the same networks. A report of a key of this service
 * does not count.
 */
export const LEAK_REPORTS: BackoffPolicy[] = [10, 20, 50].map((freeAttempts) => ({
  freeAttempts,
  maxSeconds: 15 * 60,
}));

/** Against guessing the codes of a user whose password is known; counted for the user alone. */
export const CODES: BackoffPolicy = { freeAttempts: 5, maxSeconds: 15 * 60 };

interface Limit {
  subject: Subject;
  policy: BackoffPolicy;
  /** Whether a success forgets the failures before it, too. */
  isForgiving?: boolean;
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
  address: Address,
  attempt: () => Promise<Result | undefined>,
  isComplete?: (result: Result) => boolean,
): Promise<Limited<Result>> {
  // A known address is limited by its account alone: others behind it may guess other names.
  const networks = address.kind === 'known' ? [] : address.networks;
  const limits = [...networkLimits('network', networks, NETWORKS), accountLimit(username, address)];
  return withLimits(db, limits, attempt, isComplete);
}

/**
 * Looks up a reported key, unless its networks have reported too many that are unknown. A request
 * without an address is not limited: all of these would share one limit.
 *
 * @param networks as in `Address`
 * @param attempt returns undefined for an unknown key
 */
export function withReportLimit<Result>(
  db: Database,
  networks: string[],
  attempt: () => Promise<Result | undefined>,
): Promise<Limited<Result>> {
  return withLimits(db, networkLimits('leak reports', networks, LEAK_REPORTS), attempt);
}

/**
 * Makes an attempt, unless there were too many failed ones: then returns the seconds to wait. It
 * counts as failed before it is made, and no longer once it has succeeded or thrown. The counts are
 * in the database, so they hold in every process and across restarts.
 */
async function withLimits<Result>(
  db: Database,
  limits: Limit[],
  attempt: () => Promise<Result | undefined>,
  isComplete: (result: Result) => boolean = () => true,
): Promise<Limited<Result>> {
  const recorded: Limit[] = [];
  let result: Result | undefined;
  try {
    for (const limit of limits) {
      const retryAfterSeconds = await recordAttempt(db, limit.subject, limit.policy);
      if (retryAfterSeconds !== undefined) {
        await undo(recorded);
        return { retryAfterSeconds };
      }
      recorded.push(limit);
    }
    result = await attempt();
  } catch (error) {
    // What failed may be the database; then the first error says more than this one.
    await undo(recorded).catch(() => {});
    throw error;
  }
  if (result !== undefined) {
    const forgives = isComplete(result);
    const forgiving = recorded.filter(({ isForgiving }) => isForgiving && forgives);
    for (const { subject } of forgiving) await clearAttempts(db, subject);
    await undo(recorded.filter((limit) => !forgiving.includes(limit)));
  }
  return { result };

  async function undo(limits: Limit[]) {
    for (const { subject } of limits) await undoAttempt(db, subject);
  }
}

/** Forgets the wrong passwords of an account that were sent from an address, or from others of its kind. */
export async function forgiveFailures(
  db: Database,
  username: string,
  address: Address,
): Promise<void> {
  await clearAttempts(db, accountLimit(username.toLowerCase(), address).subject);
}

/**
 * The limit of one account. An address that its user has logged in from has a count of its own, which
 * guesses from elsewhere can't fill: they can't lock the owner out. Guesses without an address have
 * one too, so that only requests without an address wait for them.
 */
function accountLimit(username: string, { kind, networks: [network = ''] }: Address): Limit {
  const isForgiving = true;
  if (kind === 'known') {
    const subject = ['account at known address', username, network] as const;
    return { subject, policy: KNOWN_ADDRESS, isForgiving };
  }
  if (kind === 'none') {
    return { subject: ['account without address', username], policy: ACCOUNT, isForgiving };
  }
  return { subject: ['account', username], policy: ACCOUNT, isForgiving };
}

/** One limit for each width of network. */
function networkLimits(kind: string, networks: string[], policies: BackoffPolicy[]): Limit[] {
  return policies.flatMap((policy, width) => {
    const network = networks[width];
    return network === undefined ? [] : [{ subject: [kind, network], policy }];
  });
}

/** What the page says to those who have to wait. */
export function waitSentence(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const time = seconds < 60 ? count(seconds, 'second') : count(minutes, 'minute');
  return `Too many failed attempts. Try again in ${time}.`;
}
