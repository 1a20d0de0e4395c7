import type { Database } from '../../db/database.ts';
import { forgetFailedDevice } from '../../db/devices.ts';
import { insertEvent, recordRateLimited } from '../../db/events.ts';
import { findUser, replacePasswordDigest, type User } from '../../db/users.ts';
import { type LogInOutcome, signals } from '../metrics/signals.ts';
import type { Caller } from './caller.ts';
import type { PasswordHasher, Passwords } from './passwords.ts';
import { withRateLimit } from './rate-limit.ts';
import { presentedUsername } from './username.ts';

interface Credentials {
  /** As typed: in upper or lower case, and perhaps not a valid user name. */
  username: string;
  password: string;
}

type Checked<Result> =
  | { outcome: 'right'; result: Result }
  | { outcome: 'wrong' }
  | { outcome: 'throttled'; seconds: number };

/**
 * Logs in with a user name and a password: as `checkPassword`, and the metrics count it.
 *
 * @param use returns undefined where the user was disabled, or their password changed, meanwhile
 * @param outcomeOf how far the log in came with a right password; `right` is all the way
 */
export async function logInWith<Result>(
  parts: { db: Database; passwords: Passwords },
  credentials: Credentials,
  from: Caller,
  use: (user: User, hasher: PasswordHasher) => Promise<Result | undefined>,
  outcomeOf: (result: Result) => LogInOutcome = () => 'right',
): Promise<Checked<Result>> {
  try {
    const isComplete = (result: Result) => outcomeOf(result) === 'right';
    const logIn = await checkPassword(parts, credentials, from, 'log in', use, isComplete);
    signals.emit('log in', logIn.outcome === 'right' ? outcomeOf(logIn.result) : logIn.outcome);
    return logIn;
  } catch (error) {
    signals.emit('log in', 'unavailable');
    throw error;
  }
}

/**
 * The one check of a password, whatever it is for, within the rate limit: recognizes the caller,
 * reserves a place in the queue, counts the attempt, and only then hashes. A failed attempt is an
 * event, and so are those that the rate limit refuses. An unknown name, a wrong password, one that has
 * lapsed and a disabled user look the same. A right password replaces a digest that is outdated.
 *
 * @param purpose which kind of event a failed attempt is
 * @param use what the password is needed for; undefined makes the attempt a failed one
 * @param isComplete whether a result forgives failed attempts: not where a code is missing or wrong
 * @throws {HttpError} 503 where the queue has no place left
 */
export async function checkPassword<Result>(
  { db, passwords }: { db: Database; passwords: Passwords },
  { username, password }: Credentials,
  from: Caller,
  purpose: 'log in' | 'authentication',
  use: (user: User, hasher: PasswordHasher) => Promise<Result | undefined>,
  isComplete: (result: Result) => boolean = () => true,
): Promise<Checked<Result>> {
  const name = presentedUsername(username).toLowerCase();
  const caller = await from.recognize(db, name);
  const waiter = {
    caller: caller.kind === 'device' ? 'known' : caller.kind,
    // At the same time, right passwords of a program would count as failures for each other.
    ...(purpose === 'log in' && { inTurnWith: JSON.stringify([name, caller]) }),
  };
  const attempted = await passwords.withPlace(waiter, (hasher) =>
    withRateLimit(db, name, caller, () => attempt(hasher), isComplete),
  );
  if ('retryAfterSeconds' in attempted) {
    await recordRateLimited(db, name, caller.networks[0], from);
    return { outcome: 'throttled', seconds: attempted.retryAfterSeconds };
  }
  if (attempted.result === undefined) return { outcome: 'wrong' };
  return { outcome: 'right', result: attempted.result };

  async function attempt(hasher: PasswordHasher): Promise<Result | undefined> {
    const user = await findUser(db, name);
    let result = await attemptAs(user, hasher);
    if (result === undefined) {
      // An attempt at the same time may have replaced the digest of the same password. This looks
      // for unknown users too, so that they take as long.
      const now = await findUser(db, name);
      if (now?.passwordDigest !== user?.passwordDigest) result = await attemptAs(now, hasher);
    }
    if (result !== undefined) return result;
    // Not the device of the session: a thief of the session's cookie may not have the device's.
    const deviceId = caller.kind === 'device' ? caller.id : undefined;
    await insertEvent(db, { kind: `failed ${purpose}`, userId: user?.id, ...from, deviceId });
    if (caller.kind === 'device') await forgetFailedDevice(db, caller.id, from);
    return undefined;
  }

  async function attemptAs(
    user: User | undefined,
    hasher: PasswordHasher,
  ): Promise<Result | undefined> {
    const verified = await hasher.verify(password, user?.passwordDigest);
    if (!user || verified === 'wrong' || user.disabledAt || user.isPasswordLapsed) {
      return undefined;
    }
    const isOutdated = verified === 'right, digest outdated';
    return use(isOutdated ? await withNewDigest(user, hasher) : user, hasher);
  }

  async function withNewDigest(user: User, hasher: PasswordHasher): Promise<User> {
    const passwordDigest = await hasher.hash(password);
    const isReplaced = await replacePasswordDigest(db, user, passwordDigest);
    return isReplaced ? { ...user, passwordDigest } : user;
  }
}
