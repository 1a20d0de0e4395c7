import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD } from '../server/testing/users.ts';
import { Visitor } from '../server/testing/visitor.ts';

/** Keeps this many log ins of different users in flight while an action runs. */
export async function whileLoggingIn<Result>(
  origin: string,
  atOnce: number,
  work: () => Promise<Result>,
): Promise<Result> {
  let isStopped = false;
  let done = 0;
  const all = Promise.all(Array.from({ length: atOnce }, (_, n) => logInRepeatedly(n + 1)));
  try {
    while (done === 0) await Promise.race([all, sleep(10)]);
    return await Promise.race([work(), all.then(() => Promise.reject(new Error('over')))]);
  } finally {
    isStopped = true;
    await all;
  }

  async function logInRepeatedly(user: number): Promise<void> {
    while (!isStopped) {
      const visitor = new Visitor(origin);
      await visitor.get('/login');
      const username = `user${String(user).padStart(6, '0')}`;
      const answer = await visitor.post('/login', { username, password: PASSWORD, next: '' });
      if (answer.status !== 303) throw new Error(`A log in was answered with ${answer.status}.`);
      done++;
    }
  }
}
