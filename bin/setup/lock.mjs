import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs `work` in one process at a time: `npm start` and `npm test` may be started together.
 * @template Result
 * @param {string} root the project's folder
 * @param {() => Result} work
 */
export async function withLock(root, work) {
  const file = path.join(root, '.setup-lock');
  await takeLock(file);
  try {
    return work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * The lock is a symbolic link whose target is its owner's process id. Unlike a file, a link is
 * never there without its content.
 * @param {string} file
 */
async function takeLock(file) {
  for (let isFirst = true; ; isFirst = false) {
    try {
      symlinkSync(String(process.pid), file);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const owner = readOwner(file);
    if (owner === undefined) continue;
    if (isRunning(owner)) {
      if (isFirst) console.error(`Waiting for process ${owner}, which holds ${file} …`);
      await sleep(200);
    } else {
      removeStale(file, owner);
    }
  }
}

/**
 * Removes the lock of a process that has gone. Meanwhile another process may have removed it and taken the
 * lock, so it is first renamed, and goes back where it has another owner.
 * @param {string} file
 * @param {number} owner
 */
function removeStale(file, owner) {
  const renamed = `${file}-${process.pid}`;
  try {
    renameSync(file, renamed);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (Object.is(readOwner(renamed), owner)) rmSync(renamed);
  else renameSync(renamed, file);
}

/**
 * Undefined where the lock has gone; NaN where the file is not a link, as in an earlier version.
 * @param {string} file
 */
function readOwner(file) {
  try {
    return Number.parseInt(readlinkSync(file), 10);
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : Number.NaN;
  }
}

/**
 * A killed process may have had the id that this process has now: in containers ids repeat.
 * @param {number} pid
 */
function isRunning(pid) {
  try {
    return pid > 0 && pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
