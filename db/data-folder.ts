import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { OperatorError } from './errors.ts';

/** The folder can't be used for the embedded database. */
export class FolderUnusable extends OperatorError {}

/** Another process has the database open. */
export class FolderInUse extends OperatorError {}

/** The database's own folder, in the data folder. */
export const DATABASE = 'postgres';
const LOCK = 'lock';

/** What a data folder may contain before it has a database; a new file system has `lost+found`. */
const OWN_FILES = [
  LOCK,
  `${LOCK}-journal`,
  `${DATABASE}.new`,
  'session-secret',
  'session-secret.new',
  'encryption-key',
  'encryption-key.new',
  'lost+found',
];

/**
 * Creates the folder, or makes sure that an existing one can be used, and that only its owner can
 * read it: PGlite's files are readable by all users.
 *
 * @throws {FolderUnusable}
 */
export function claimFolder(folder: string): void {
  useFolder(folder, () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseForeignFiles(folder);
    accessSync(folder, constants.W_OK);
    const database = path.join(folder, DATABASE);
    if (existsSync(database)) accessSync(database, constants.W_OK);
    if (statSync(folder).mode & 0o077) chmodSync(folder, 0o700);
  });
}

/**
 * Calls a function that uses files of the folder, and returns its result.
 *
 * @throws {FolderUnusable} for what the operating system refuses, such as a file of another user.
 */
export function useFolder<Result>(folder: string, use: () => Result): Result {
  try {
    return use();
  } catch (cause) {
    throw explain(folder, cause) ?? cause;
  }
}

function refuseForeignFiles(folder: string): void {
  const files = readdirSync(folder);
  const foreign = files.includes(DATABASE)
    ? !existsSync(path.join(folder, DATABASE, 'PG_VERSION')) && DATABASE
    : files.find((file) => !OWN_FILES.includes(file));
  if (!foreign) return;
  throw new FolderUnusable(
    `The folder ${folder} contains ${foreign}, which is not from this program. ` +
      'Set DATA_DIR to a folder that is empty or does not exist.',
  );
}

/** The error of a system call, or of SQLite, as a sentence. */
function explain(folder: string, cause: unknown): FolderUnusable | undefined {
  const reason = reasonOf(folder, cause);
  if (reason === undefined) return undefined;
  const isMode = cause instanceof Error && 'syscall' in cause && cause.syscall === 'chmod';
  const problem = isMode
    ? `The folder ${folder} is open to other users, and its mode can't be changed by this one`
    : `The folder ${folder} can't be used`;
  const advice = isMode ? 'Run chmod 700 on it as its owner, or set' : 'Set';
  return new FolderUnusable(
    `${problem} (${reason}). ${advice} DATA_DIR to another one ` +
      '(or DATABASE_URL to a PostgreSQL server).',
    { cause },
  );
}

/** The reason of an error in a few words, with the name of the file if it is not the folder itself. */
function reasonOf(folder: string, cause: unknown): string | undefined {
  if (!(cause instanceof Error && 'code' in cause)) return undefined;
  // Only the lock is a file of SQLite.
  if ('errcode' in cause) return `${cause.message}: ${LOCK}`;
  if (!('syscall' in cause)) return undefined;
  const file = 'path' in cause ? path.relative(folder, String(cause.path)) : '';
  return file === '' ? String(cause.code) : `${cause.code}: ${file}`;
}

/** How often the process that has the lock checks that the lock file is still the same. */
const CHECK_EVERY_MS = 1_000;
/** By then a process whose lock file was removed has noticed it, and stopped. */
const NEW_LOCK_MS = 3 * CHECK_EVERY_MS;

/** Two processes on one folder lose data without an error. */
export interface FolderLock {
  close(): void;
}

/**
 * Locks the folder until `close()`, or until the process ends in any way.
 *
 * Node has no flock, but its SQLite takes the operating system's own file lock. The kernel releases
 * it when the process dies, so there is never a stale one to clean up.
 *
 * Where the lock file is removed, another process could lock a new one. So this process stops within a
 * second, with a message and exit code 1: anything more that it wrote could be lost. And a process that
 * creates the lock file beside existing data waits longer than that.
 *
 * @throws {FolderUnusable}
 * @throws {FolderInUse} when another process has it locked.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  claimFolder(folder);
  const file = path.join(folder, LOCK);
  const hasData = existsSync(path.join(folder, DATABASE));
  const isNew = useFolder(folder, () => createFile(file));
  const database = useFolder(folder, () => lockFile(file, folder));
  const watch = watchFile(file, () => {
    console.error(
      `The file ${file} was removed or replaced, so that another process may open the database. ` +
        'This process stops at once. Start it again.',
    );
    process.exit(1);
  });
  const close = () => {
    clearInterval(watch);
    database.close();
  };
  if (isNew && hasData) await sleep(NEW_LOCK_MS);
  return { close };
}

/** Whether the file did not exist before. */
function createFile(file: string): boolean {
  if (existsSync(file)) return false;
  closeSync(openSync(file, 'a', 0o600));
  return true;
}

function lockFile(file: string, folder: string): DatabaseSync {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive');
    return lock;
  } catch (cause) {
    lock.close();
    if (!isLocked(cause)) throw cause;
    throw new FolderInUse(
      `The database in ${folder} is open in another process. Stop that one first ` +
        '(or set DATABASE_URL to share a PostgreSQL server).',
      { cause },
    );
  }
}

function isLocked(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

/** Calls back when the path no longer leads to the same file. */
function watchFile(file: string, onReplaced: () => void): NodeJS.Timeout {
  const { ino, dev } = statSync(file);
  return setInterval(() => {
    const now = statSync(file, { throwIfNoEntry: false });
    if (now?.ino !== ino || now.dev !== dev) onReplaced();
  }, CHECK_EVERY_MS).unref();
}
