// Installs what package-lock.json names, where that is missing or stale. Runs on the machine's own
// Node (20 or later), before the one that the project pins is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '..');
const stamp = path.join(root, 'node_modules', '.setup-stamp');
const lock = path.join(root, '.setup-lock');

const wanted = createHash('sha256')
  .update(readFileSync(path.join(root, 'package-lock.json')))
  .update(`${process.platform} ${process.arch}`)
  .digest('hex');

if (read(stamp) !== wanted) {
  await takeLock();
  try {
    if (read(stamp) !== wanted) process.exitCode = install();
  } finally {
    rmSync(lock, { force: true });
  }
}

function install() {
  console.log('Installing what package-lock.json names …');
  // Errors only: npm would warn that some packages want a newer Node than the machine's own, and
  // that newer one is among what it installs.
  const { status } = spawnSync(
    'npm',
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    },
  );
  if (status === 0) {
    keepEmptyCluster();
    writeFileSync(stamp, wanted);
  }
  return status ?? 1;
}

/** For the first start, and for tests. Where that fails, they do without. */
function keepEmptyCluster() {
  spawnSync(path.join('node_modules', '.bin', 'node'), ['db/empty-cluster.ts'], {
    cwd: root,
    stdio: 'ignore',
    shell: process.platform === 'win32',
  });
}

/** `npm start` and `npm test` may come at once. */
async function takeLock() {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAlive(read(lock))) await sleep(200);
    else rmSync(lock, { force: true });
  }
}

function isAlive(pid) {
  // Empty: its owner is about to write it.
  if (!pid) return true;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
