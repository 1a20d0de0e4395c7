import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PGlite, types } from '@electric-sql/pglite';

/**
 * PostgreSQL in this process (PGlite), kept in `folder`, or in memory without one.
 *
 * @throws {FolderInUse} when another process has the folder open.
 */
export async function openEmbedded(folder?: string): Promise<PGlite> {
  const lock = folder === undefined ? undefined : lockFolder(folder);
  try {
    const pglite = new LockedPGlite(lock, folder);
    await pglite.waitReady;
    return pglite;
  } catch (error) {
    lock?.close();
    throw error;
  }
}

/** Another process works on the folder, or this one may not write to it. */
export class FolderInUse extends Error {}

/** Two processes on one folder lose data silently, so the lock lives as long as the database. */
class LockedPGlite extends PGlite {
  readonly #lock: DatabaseSync | undefined;

  constructor(lock: DatabaseSync | undefined, folder: string | undefined) {
    super({
      ...(folder === undefined ? {} : { dataDir: path.join(folder, 'postgres') }),
      // The same values that db/database.ts has `pg` return.
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
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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

function isLocked(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
