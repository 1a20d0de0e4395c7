import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import bcrypt from 'bcryptjs';
import { HttpError } from '../http/errors.ts';
import { cutPassword, isTooLong } from './password-rules.ts';
import type { PasswordAnswer, PasswordTask } from './password-worker.ts';

/** bcrypt's logarithm of rounds. After it is raised, old digests are replaced at the next log in. */
const PASSWORD_COST = 11;

/** At about 150 ms each, whoever stands further back has long given up. */
const QUEUE_LIMIT = 64;

export interface Passwords {
  /** The bcrypt digest of a password that obeys the rules. */
  hash(password: string): Promise<string>;
  /**
   * Whether a password is the one of a digest. Takes as long without a digest, so that an
   * unknown user can't be told from a wrong password.
   */
  verify(password: string, digest: string | undefined): Promise<boolean>;
  /** Whether a digest was made with a lower cost than new ones are. */
  needsRehash(digest: string): boolean;
  close(): Promise<void>;
}

/**
 * bcrypt in a worker thread: on the main one a few log-ins would stop every other page for
 * seconds. One thread, because log-ins should not get more than one core.
 *
 * The functions reject with a 503 HttpError when too many are waiting.
 *
 * @param cost bcrypt's logarithm of rounds for new digests; only tests set it
 */
export async function startPasswords({ cost = PASSWORD_COST } = {}): Promise<Passwords> {
  const thread = startThread();
  const hashing = (password: string) => ({ kind: 'hash', password, cost }) as const;
  const decoy = String(await thread.perform(hashing(randomBytes(24).toString('base64url'))));

  return {
    hash: async (password) => String(await thread.perform(hashing(password))),
    async verify(typed, digest) {
      // An over-long password is compared all the same, for the time, but never right.
      const password = cutPassword(typed);
      const matches = await thread.perform({ kind: 'verify', password, digest: digest ?? decoy });
      return matches === true && digest !== undefined && !isTooLong(password);
    },
    needsRehash: (digest) => bcrypt.getRounds(digest) < cost,
    close: thread.close,
  };
}

export function tooManyLogIns(): HttpError {
  return new HttpError(503, 'Too many people are logging in. Please try again in a moment.', {
    'Retry-After': '5',
  });
}

interface Waiting {
  resolve(value: string | boolean): void;
  reject(error: Error): void;
}

/** One thread that answers in the order of asking; one that dies is replaced at the next task. */
function startThread() {
  let waiting: Waiting[] = [];
  let worker: Worker | undefined;

  return { perform, close };

  function perform(task: PasswordTask): Promise<string | boolean> {
    if (waiting.length >= QUEUE_LIMIT) {
      throw tooManyLogIns();
    }
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker ??= start();
      worker.postMessage(task);
    });
  }

  function start(): Worker {
    const started = new Worker(new URL('./password-worker.ts', import.meta.url));
    started.on('message', (answer: PasswordAnswer) => {
      const asker = waiting.shift();
      if ('error' in answer) asker?.reject(new Error(answer.error));
      else asker?.resolve(answer.value);
    });
    started.on('error', fail);
    started.on('exit', (code) => fail(new Error(`The password thread ended with code ${code}.`)));
    return started;

    function fail(error: Error) {
      if (worker !== started) return;
      worker = undefined;
      const stranded = waiting;
      waiting = [];
      for (const asker of stranded) asker.reject(error);
    }
  }

  async function close(): Promise<void> {
    await worker?.terminate();
  }
}
