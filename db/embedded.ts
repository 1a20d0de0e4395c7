import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { PGlite, type PGliteOptions, types } from '@electric-sql/pglite';
import { DATABASE, type FolderLock, FolderUnusable, lockFolder } from './data-folder.ts';
import { readEmptyCluster } from './empty-cluster.ts';
import { DatabaseMissing } from './errors.ts';

/**
 * PostgreSQL in this process (PGlite), kept in `folder`, or in memory without one.
 *
 * @param create whether to create a database in a folder that has none.
 * @throws {DatabaseMissing} if there is none.
 * @throws {FolderInUse} when another process has the folder open.
 * @throws {FolderUnusable}
 */
export async function openEmbedded(folder?: string, { create = true } = {}): Promise<PGlite> {
  if (folder === undefined) return openNew({});
  const dataDir = path.join(folder, DATABASE);
  if (!create && !existsSync(dataDir)) {
    throw new DatabaseMissing(
      `There is no database in ${path.resolve(folder)}. Run this in the folder of the app, or set ` +
        'DATABASE_URL or DATA_DIR as the app has it.',
    );
  }
  const lock = await lockFolder(folder);
  try {
    if (!existsSync(dataDir)) {
      await createCluster(dataDir).catch((cause) => {
        throw new FolderUnusable(
          `No database can be created in ${folder} (${messageOf(cause)}). Make sure that the disk ` +
            'is not full, or set DATA_DIR to another folder.',
          { cause },
        );
      });
    }
    return await open({ dataDir }, lock).catch((cause) => {
      throw new FolderUnusable(
        `The database in ${folder} can't be opened (${messageOf(cause)}): the disk is full, or it ` +
          'is damaged, or of another version of PostgreSQL. Restore a backup, or set DATA_DIR to ' +
          'another folder.',
        { cause },
      );
    });
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Creates the folder completely or not at all, even if it is interrupted. */
async function createCluster(dataDir: string): Promise<void> {
  const unfinished = `${dataDir}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const pglite = await openNew({ dataDir: unfinished });
  await pglite.close();
  renameSync(unfinished, dataDir);
}

/** Uses the kept copy of an empty database, or `initdb`, which is much slower. */
function openNew(options: PGliteOptions): Promise<PGlite> {
  const loadDataDir = readEmptyCluster();
  return open(loadDataDir ? { ...options, loadDataDir } : options);
}

async function open(options: PGliteOptions, lock?: FolderLock): Promise<PGlite> {
  const pglite = new LockedPGlite(options, lock);
  await pglite.waitReady;
  return pglite;
}

/** Keeps the folder locked as long as the database is open. */
class LockedPGlite extends PGlite {
  readonly #lock: FolderLock | undefined;

  constructor(options: PGliteOptions, lock: FolderLock | undefined) {
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

/** PGlite's own file system throws an object with only a number. */
function messageOf(cause: unknown): string {
  if (typeof cause === 'object' && cause !== null && !('message' in cause) && 'errno' in cause) {
    return `error ${cause.errno}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}
