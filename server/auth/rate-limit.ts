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

interface Limit {
  subject: Subject;
  policy: BackoffPolicy;
}

/**
 * Makes an attempt, unless there were too many failed ones: then returns the seconds to wait. It
 * counts as failed before it is made, and no longer once it has succeeded or thrown. The counts are
 * in the database, so they hold in every process and across restarts.
 *
 * @param username lower case; it may be unknown
 * @param attempt returns undefined when it has failed
 */
export async function withRateLimit<Result>(
  db: Database,
  username: string,
  address: Address,
  attempt: () => Promise<Result | undefined>,
): Promise<{ result: Result | undefined } | { retryAfterSeconds: number }> {
  const account = accountLimit(username, address);
  const limits = [...networkLimits(address), account];
  const recorded: Subject[] = [];
  let result: Result | undefined;
  try {
    for (const { subject, policy } of limits) {
      const retryAfterSeconds = await recordAttempt(db, subject, policy);
      if (retryAfterSeconds !== undefined) {
        await undo(recorded);
        return { retryAfterSeconds };
      }
      recorded.push(subject);
    }
    result = await attempt();
  } catch (error) {
    // What failed may be the database; then the first error says more than this one.
    await undo(recorded).catch(() => {});
    throw error;
  }
  if (result !== undefined) {
    await clearAttempts(db, account.subject);
    await undo(recorded.filter((subject) => subject !== account.subject));
  }
  return { result };

  async function undo(subjects: Subject[]) {
    for (const subject of subjects) await undoAttempt(db, subject);
  }
}

/**
 * The limit of one account. An address that its user has logged in from has a count of its own, which
 * guesses from elsewhere can't fill: they can't lock the owner out. Guesses without an address have
 * one too, so that only requests without an address wait for them.
 */
function accountLimit(username: string, { kind, networks: [network = ''] }: Address): Limit {
  if (kind === 'known') {
    return { subject: ['account at known address', username, network], policy: KNOWN_ADDRESS };
  }
  if (kind === 'none') return { subject: ['account without address', username], policy: ACCOUNT };
  return { subject: ['account', username], policy: ACCOUNT };
}

/** A known address is limited by its account alone: others behind it may guess other names. */
function networkLimits({ kind, networks }: Address): Limit[] {
  if (kind === 'known') return [];
  return NETWORKS.flatMap((policy, width) => {
    const network = networks[width];
    return network === undefined ? [] : [{ subject: ['network', network], policy }];
  });
}

/** What the page says to those who have to wait. */
export function waitSentence(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const time = seconds < 60 ? count(seconds, 'second') : count(minutes, 'minute');
  return `Too many failed attempts. Try again in ${time}.`;
}
