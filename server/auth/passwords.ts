import { randomBytes } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { possibleForms, storedForm } from './password-forms.ts';
import { createPasswordQueue, type Waiter } from './password-queue.ts';
import { startPasswordThread } from './password-thread.ts';

/** bcrypt's logarithm of rounds. After it is raised, old digests are replaced at the next log in. */
const PASSWORD_COST = 11;

export interface PasswordHasher {
  /** The bcrypt digest of a password that obeys the rules. */
  hash(password: string): Promise<string>;
  /**
   * Whether a password is the one of a digest, in any Unicode form. How long this takes
   * depends on the password alone, so that neither an unknown user nor the right password of a
   * disabled one can be told from a wrong password.
   */
  verify(password: string, digest: string | undefined): Promise<Verified>;
}

/** A digest is outdated when new ones cost more, or when it was made of another form than NFC. */
type Verified = 'wrong' | 'right' | 'right, digest outdated';

export interface Passwords extends PasswordHasher {
  /**
   * Reserves a place in the queue, and gives it back when the task ends. Passwords of known callers are
   * hashed before those of others.
   *
   * @throws {HttpError} 503 where no place is left
   */
  withPlace<Result>(
    waiter: Waiter,
    task: (hasher: PasswordHasher) => Promise<Result>,
  ): Promise<Result>;
  close(): Promise<void>;
}

/**
 * bcrypt in a worker thread: on the main one a few checks would stop every page for seconds. One thread,
 * because checks should not get more than one core.
 *
 * @param cost bcrypt's logarithm of rounds for new digests; only tests set it
 */
export async function startPasswords({
  cost = PASSWORD_COST,
}: {
  cost?: number | undefined;
} = {}): Promise<Passwords> {
  const thread = startPasswordThread();
  const queue = createPasswordQueue();
  const randomPassword = randomBytes(24).toString('base64url');
  const decoy = String(
    await thread.perform({ kind: 'hash', password: randomPassword, cost }, { isUrgent: true }),
  );

  return {
    ...hasher({ isUrgent: true }),
    withPlace: (waiter, task) =>
      queue.withPlace(waiter, () => task(hasher({ isUrgent: waiter.caller === 'known' }))),
    close: thread.close,
  };

  function hasher(urgency: { isUrgent: boolean }): PasswordHasher {
    return {
      async hash(typed) {
        const password = storedForm(typed);
        if (password === undefined) throw new Error('The password is longer than bcrypt reads.');
        return String(await thread.perform({ kind: 'hash', password, cost }, urgency));
      },
      async verify(typed, digest) {
        const forms = possibleForms(typed);
        let right: string | undefined;
        // The time must not depend on the result: so a password that is too long is compared too, and
        // the other forms are compared even after one was right.
        for (const password of forms.length > 0 ? forms : ['']) {
          const task = { kind: 'verify', password, digest: digest ?? decoy } as const;
          if ((await thread.perform(task, urgency)) === true) right ??= password;
        }
        if (digest === undefined || right === undefined || forms.length === 0) return 'wrong';
        const stored = storedForm(typed);
        const isOutdated = right !== stored || bcrypt.getRounds(digest) < cost;
        // NFC may be the longer form, and then too long to replace the one that was typed.
        return isOutdated && stored !== undefined ? 'right, digest outdated' : 'right';
      },
    };
  }
}
