import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcryptjs';

/** What passwords.ts asks of its thread. */
export type PasswordTask =
  | { kind: 'hash'; password: string; cost: number }
  | { kind: 'verify'; password: string; digest: string };

export type PasswordAnswer = { value: string | boolean } | { error: string };

parentPort?.on('message', (task: PasswordTask) => {
  parentPort?.postMessage(perform(task));
});

function perform(task: PasswordTask): PasswordAnswer {
  try {
    if (task.kind === 'hash') return { value: bcrypt.hashSync(task.password, task.cost) };
    return { value: bcrypt.compareSync(task.password, task.digest) };
  } catch (error) {
    return { error: String(error) };
  }
}
