import type { Database } from '../../db/database.ts';
import { type Client, insertEvent } from '../../db/events.ts';
import { findUser, type User } from '../../db/users.ts';
import { signals } from '../metrics/signals.ts';
import { inTurn } from './in-turn.ts';
import type { Passwords } from './passwords.ts';
import { attempt } from './rate-limit.ts';
import { presentedUsername } from './username.ts';

interface Credentials {
  /** As typed: any case, and perhaps no user name at all. */
  username: string;
  password: string;
}

type LogIn<Result> =
  | { outcome: 'right'; result: Result }
  | { outcome: 'wrong' }
  | { outcome: 'throttled'; seconds: number };

/**
 * Does something in the name of a user who gives their name and password, rate-limited; a failed
 * attempt is an event. An unknown name, a wrong password and a disabled user look the same.
 *
 * @param use undefined where the user was disabled, or their password changed, meanwhile.
 */
export async function logInWith<Result>(
  { db, passwords }: { db: Database; passwords: Passwords },
  { username, password }: Credentials,
  from: Client,
  use: (user: User) => Promise<Result | undefined>,
): Promise<LogIn<Result>> {
  const name = presentedUsername(username);
  try {
    // At the same time, right ones would count as failures of one another. It costs nothing: there
    // is only one thread that hashes.
    const logIn = await inTurn(`${name.toLowerCase()} at ${from.ip}`, tryIt);
    signals.emit('log in', logIn.outcome);
    return logIn;
  } catch (error) {
    signals.emit('log in', 'unavailable');
    throw error;
  }

  async function tryIt(): Promise<LogIn<Result>> {
    const attempted = await attempt(db, { username: name, ip: from.ip });
    if (attempted.retryAfterSeconds !== undefined) {
      return { outcome: 'throttled', seconds: attempted.retryAfterSeconds };
    }
    const user = await findUser(db, name);
    const isRight = await passwords.verify(password, user?.passwordDigest);
    const result = user && isRight && !user.disabledAt ? await use(user) : undefined;
    if (result === undefined) {
      await insertEvent(db, { kind: 'failed log in', userId: user?.id, ...from });
      return { outcome: 'wrong' };
    }
    await attempted.succeeded();
    return { outcome: 'right', result };
  }
}
