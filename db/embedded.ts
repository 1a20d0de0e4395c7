import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PGlite, type PGliteOptions, types } from '@electric-sql/pglite';
import { readEmptyCluster } from './empty-cluster.ts';
import { DatabaseMissing, OperatorError } from './errors.ts';

/**
 * PostgreSQL in this process (PGlite), kept in `folder`, or in memory without one.
 *
 * @param create whether to create a database in a folder that has none.
 * @throws {DatabaseMissing} where there is none.
 * @throws {FolderInUse} when another process has the folder open.
 * @throws {FolderReadOnly}
 */
export async function openEmbedded(folder?: string, { create = true } = {}): Promise<PGlite> {
  if (folder === undefined) return openNew({});
  if (!create && !existsSync(path.join(folder, DATABASE))) {
    throw new DatabaseMissing(
      `There is no database in ${path.resolve(folder)}. Run this in the folder of the app, or set ` +
        'DATABASE_URL or DATA_DIR as the app has it.',
    );
  }
  const lock = lockFolder(folder);
  try {
    const dataDir = path.join(folder, DATABASE);
    if (!existsSync(dataDir)) await makeCluster(dataDir);
    return await open({ dataDir }, lock);
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Whole, or not at all, whenever it is interrupted. */
async function makeCluster(dataDir: string): Promise<void> {
  const unfinished = `${dataDir}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const pglite = await openNew({ dataDir: unfinished });
  await pglite.close();
  renameSync(unfinished, dataDir);
}

/** A copy of the empty database that was kept, or, much slower, one made by `initdb`. */
function openNew(options: PGliteOptions): Promise<PGlite> {
  const loadDataDir = readEmptyCluster();
  return open(loadDataDir ? { ...options, loadDataDir } : options);
}

async function open(options: PGliteOptions, lock?: DatabaseSync): Promise<PGlite> {
  const pglite = new LockedPGlite(options, lock);
  await pglite.waitReady;
  return pglite;
}

/** Another process works on the folder. */
export class FolderInUse extends OperatorError {}

/** This process may not write to the folder. */
export class FolderReadOnly extends OperatorError {}

/**
 * Makes the folder where it is not there.
 *
 * @throws {FolderReadOnly}
 */
export function claimFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const database = path.join(folder, DATABASE);
    for (const place of [folder, database])
      if (existsSync(place)) accessSync(place, constants.W_OK);
  } catch (cause) {
    if (!isRefused(cause)) throw cause;
    throw new FolderReadOnly(
      `The folder ${folder} can't be written to. Set DATA_DIR to another one ` +
        '(or DATABASE_URL to a PostgreSQL server).',
      { cause },
    );
  }
}

/** In the folder. */
const DATABASE = 'postgres';

/** Two processes on one folder lose data silently, so the lock lives as long as the database. */
class LockedPGlite extends PGlite {
  readonly #lock: DatabaseSync | undefined;

  constructor(options: PGliteOptions, lock: DatabaseSync | undefined) {
    super({
      ...options,
      // The same values that db/pool.ts has `pg` return.
      parsers: {
        [types.INT8]: Number,
        [types.BYTEA]: (hex: string) => Buffer.from(hex.slice(2), 'hex'),
      },
    });
    this.#lock = lock;
  }

  override async close(): Promise<void> {
    await super.close();
    this.#lock?.close();
  }
}

/**
 * Node has no flock, but its SQLite takes the operating system's own file lock. The kernel drops
 * it when the process dies, however it dies, so there is never a stale one to clean up.
 */
function lockFolder(folder: string): DatabaseSync {
  claimFolder(folder);
  const lock = new DatabaseSync(path.join(folder, 'lock'), { timeout: 0 });
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

function isRefused(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && /^(EACCES|EPERM|EROFS)$/.test(String(error.code))
  );
}

function isLocked(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
