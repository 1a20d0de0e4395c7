import { Worker } from 'node:worker_threads';
import type { PasswordAnswer, PasswordTask } from './password-worker.ts';

interface Job {
  task: PasswordTask;
  resolve(value: string | boolean): void;
  reject(error: Error): void;
}

/**
 * A worker thread that does one task after the other, the urgent ones first. A thread that dies is
 * replaced, and only its current task is lost.
 */
export function startPasswordThread() {
  const urgent: Job[] = [];
  const other: Job[] = [];
  let current: Job | undefined;
  let worker: Worker | undefined;

  return { perform, close };

  function perform(task: PasswordTask, { isUrgent }: { isUrgent: boolean }) {
    return new Promise<string | boolean>((resolve, reject) => {
      (isUrgent ? urgent : other).push({ task, resolve, reject });
      startNext();
    });
  }

  function startNext() {
    if (current) return;
    current = urgent.shift() ?? other.shift();
    if (!current) return;
    worker ??= startWorker();
    worker.postMessage(current.task);
  }

  function startWorker(): Worker {
    const started = new Worker(new URL('./password-worker.ts', import.meta.url));
    started.on('message', (answer: PasswordAnswer) => {
      const done = current;
      current = undefined;
      if ('error' in answer) done?.reject(new Error(answer.error));
      else done?.resolve(answer.value);
      startNext();
    });
    started.on('error', fail);
    started.on('exit', (code) => fail(new Error(`The password thread ended with code ${code}.`)));
    return started;

    function fail(error: Error) {
      if (worker !== started) return;
      worker = undefined;
      current?.reject(error);
      current = undefined;
      startNext();
    }
  }

  async function close(): Promise<void> {
    for (const { reject } of [...urgent.splice(0), ...other.splice(0)]) {
      reject(new Error('The password thread was closed.'));
    }
    await worker?.terminate();
  }
}
