import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD } from '../server/testing/users.ts';
import { Visitor } from '../server/testing/visitor.ts';

/** Keeps so many log-ins in flight, of as many users, while something is done. */
export async function whileLoggingIn<Result>(
  origin: string,
  atOnce: number,
  work: () => Promise<Result>,
): Promise<Result> {
  let isOver = false;
  let done = 0;
  const all = Promise.all(Array.from({ length: atOnce }, (_, n) => logInAgainAndAgain(n + 1)));
  try {
    while (done === 0) await Promise.race([all, sleep(10)]);
    return await Promise.race([work(), all.then(() => Promise.reject(new Error('over')))]);
  } finally {
    isOver = true;
    await all;
  }

  async function logInAgainAndAgain(user: number): Promise<void> {
    while (!isOver) {
      const visitor = new Visitor(origin);
      await visitor.get('/login');
      const username = `user${String(user).padStart(6, '0')}`;
      const answer = await visitor.post('/login', { username, password: PASSWORD, next: '' });
      if (answer.status !== 303) throw new Error(`A log-in was answered with ${answer.status}.`);
      done++;
    }
  }
}
