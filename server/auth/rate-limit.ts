import type { Database } from '../../db/database.ts';
import {
  type BackoffPolicy,
  clearAttempts,
  lookUpAddress,
  recordAttempt,
  undoAttempt,
} from '../../db/rate-limit.ts';
import { count } from '../pages/dates.ts';

/** Against guessing one person's password from anywhere. */
const ACCOUNT: BackoffPolicy = { freeAttempts: 5, maxSeconds: 15 * 60 };
/** From an address that they logged in from before: patient, and never for long. */
const KNOWN: BackoffPolicy = { freeAttempts: 10, maxSeconds: 30 };
/** Against trying many names from one address. */
const ADDRESS: BackoffPolicy = { freeAttempts: 20, maxSeconds: 15 * 60 };

export type Attempt =
  | { retryAfterSeconds: number }
  | { retryAfterSeconds?: never; succeeded(): Promise<void> };

/**
 * Asks whether a password may be tried for a user name from an address, and counts it as wrong
 * until told otherwise. Kept in the database, so it holds in every process and across restarts.
 *
 * Who guesses from elsewhere can't lock the owner out: an address that the user has logged in
 * from has a count of its own, which nobody else can fill.
 */
export async function attempt(
  db: Database,
  { username, ip }: { username: string; ip: string | null },
): Promise<Attempt> {
  const name = username.toLowerCase();
  const { isKnown, network } = await lookUpAddress(db, name, ip ?? '0.0.0.0');
  const account = isKnown ? `account ${name} at ${ip}` : `account ${name}`;
  const address = `address ${network}`;

  // The address first: one that has to wait must not fill the count of the account meanwhile.
  const wait =
    (isKnown ? undefined : await recordAttempt(db, address, ADDRESS)) ??
    (await recordAttempt(db, account, isKnown ? KNOWN : ACCOUNT));
  if (wait !== undefined) return { retryAfterSeconds: wait };
  return {
    async succeeded() {
      await clearAttempts(db, account);
      if (!isKnown) await undoAttempt(db, address);
    },
  };
}

/** What the page says to those who have to wait. */
export function waitSentence(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const time = seconds < 60 ? count(seconds, 'second') : count(minutes, 'minute');
  return `Too many failed attempts. Try again in ${time}.`;
}
