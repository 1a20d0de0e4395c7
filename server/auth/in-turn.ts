import { tooManyLogIns } from './passwords.ts';

/** Whoever stands further back has given up. */
const LIMIT = 64;

/** The last of each queue, and how many stand in it. */
const queues = new Map<string, { last: Promise<unknown>; length: number }>();

/**
 * Runs the tasks of one name one after the other, in the order of asking.
 *
 * @throws {HttpError} 503 when too many are waiting.
 */
export async function inTurn<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
  const queue = queues.get(name) ?? { last: Promise.resolve(), length: 0 };
  if (queue.length >= LIMIT) throw tooManyLogIns();
  queues.set(name, queue);
  const turn = queue.last.then(task);
  // What went wrong with one is no matter of the next.
  queue.last = turn.catch(() => {});
  queue.length++;
  try {
    return await turn;
  } finally {
    queue.length--;
    if (queue.length === 0) queues.delete(name);
  }
}
