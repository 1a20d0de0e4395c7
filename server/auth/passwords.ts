import { randomBytes } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { createPasswordQueue, type Waiter } from './password-queue.ts';
import { cutPassword, isTooLong } from './password-rules.ts';
import { startPasswordThread } from './password-thread.ts';

/** bcrypt's logarithm of rounds. After it is raised, old digests are replaced at the next log in. */
const PASSWORD_COST = 11;

export interface PasswordHasher {
  /** The bcrypt digest of a password that obeys the rules. */
  hash(password: string): Promise<string>;
  /**
   * Whether a password is the one of a digest. Takes as long without a digest, so that an
   * unknown user can't be told from a wrong password.
   */
  verify(password: string, digest: string | undefined): Promise<boolean>;
}

export interface Passwords extends PasswordHasher {
  /**
   * Reserves a place in the queue, and gives it back when the task ends. Tasks from known addresses
   * are hashed before those that wait elsewhere.
   *
   * @throws {HttpError} 503 where no place is left
   */
  withPlace<Result>(
    waiter: Waiter,
    task: (hasher: PasswordHasher) => Promise<Result>,
  ): Promise<Result>;
  /** Whether a digest was made with a lower cost than new ones are. */
  needsRehash(digest: string): boolean;
  close(): Promise<void>;
}

/**
 * bcrypt in a worker thread: on the main one a few log-ins would stop every other page for
 * seconds. One thread, because log-ins should not get more than one core.
 *
 * @param cost bcrypt's logarithm of rounds for new digests; only tests set it
 */
export async function startPasswords({ cost = PASSWORD_COST } = {}): Promise<Passwords> {
  const thread = startPasswordThread();
  const queue = createPasswordQueue();
  const randomPassword = randomBytes(24).toString('base64url');
  const decoy = String(
    await thread.perform({ kind: 'hash', password: randomPassword, cost }, { isUrgent: true }),
  );

  return {
    ...hasher({ isUrgent: true }),
    withPlace: (waiter, task) =>
      queue.withPlace(waiter, () => task(hasher({ isUrgent: waiter.address === 'known' }))),
    needsRehash: (digest) => bcrypt.getRounds(digest) < cost,
    close: thread.close,
  };

  function hasher(urgency: { isUrgent: boolean }): PasswordHasher {
    return {
      async hash(password) {
        return String(await thread.perform({ kind: 'hash', password, cost }, urgency));
      },
      async verify(typed, digest) {
        // An over-long password is compared all the same, for the time, but never right.
        const password = cutPassword(typed);
        const task = { kind: 'verify', password, digest: digest ?? decoy } as const;
        const matches = await thread.perform(task, urgency);
        return matches === true && digest !== undefined && !isTooLong(password);
      },
    };
  }
}
