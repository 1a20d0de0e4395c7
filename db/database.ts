import {
  Kysely,
  type KyselyPlugin,
  type Transaction as KyselyTransaction,
  type LogEvent,
  PGliteDialect,
  PostgresDialect,
} from 'kysely';
import type pg from 'pg';
import { openEmbedded } from './embedded.ts';
import { DatabaseMissing } from './errors.ts';
import { type DatabaseLocation, describeLocation, type PostgresLocation } from './location.ts';
import { hasTables, migrateToLatest } from './migrate.ts';
import { forMigrations, openPool, withTimeouts } from './pool.ts';
import { PoolerDialect, type Run, runnerOn } from './pooler.ts';
import type { Schema } from './schema.ts';
import { Servers } from './servers.ts';
import { requireLatest } from './timelines.ts';

export type Database = Kysely<Schema>;
export type Transaction = KyselyTransaction<Schema>;

/**
 * Opens the database and brings its schema up to date. `destroy()` closes it.
 *
 * @param create whether to create a database in a folder that has none, and the tables in an empty
 *   one on a PostgreSQL server.
 * @throws {OperatorError} for what an operator can fix, such as an embedded database that another
 *   process has open, or a schema of a later version.
 */
export async function openDatabase(
  location: DatabaseLocation,
  { create = true } = {},
): Promise<Database> {
  return 'url' in location ? openPostgres(location, create) : openPglite(location, create);
}

async function openPostgres(location: PostgresLocation, create: boolean): Promise<Database> {
  const servers = new Servers(location.url);
  await migratePostgres(servers, location, create);
  const pool = openPool(servers, { ...withTimeouts(location), max: 10 });
  const Dialect = location.pooler ? PoolerDialect : PostgresDialect;
  const db: Database = new Kysely({ dialect: new Dialect({ pool }) });
  opened.set(db, { location, servers, pool });
  return db;
}

async function migratePostgres(
  servers: Servers,
  location: PostgresLocation,
  create: boolean,
): Promise<void> {
  let firstError: unknown;
  const log = (event: LogEvent) => {
    if (event.level === 'error') firstError ??= event.error;
  };
  const pool = openPool(servers, { ...forMigrations(), max: 1 });
  const db: Database = new Kysely({ dialect: new PostgresDialect({ pool }), log });
  try {
    if (!create && !(await hasTables(db))) {
      throw new DatabaseMissing(
        `There are no tables of the app in ${describeLocation(location)}. Correct DATABASE_URL, ` +
          'or let the app (or "npm run migrate") create them.',
      );
    }
    await migrateToLatest(db);
    await requireLatest(db);
  } catch (error) {
    // Kysely continues after a statement that failed, and PostgreSQL refuses the next one ("current
    // transaction is aborted"), which hides the cause.
    throw firstError ?? error;
  } finally {
    await db.destroy();
  }
}

async function openPglite(
  location: { folder: string } | { memory: true },
  create: boolean,
): Promise<Database> {
  const folder = 'folder' in location ? location.folder : undefined;
  const pglite = await openEmbedded(folder, { create });
  // Kysely's own dialect rather than PGlite's imitation of a `pg` connection: it queues
  // transactions with a mutex, and a failed query can't hand its rows to the next one.
  const db: Database = new Kysely({ dialect: new PGliteDialect({ pglite }) });
  await migrateToLatest(db).catch(async (error) => {
    // Otherwise the open database keeps the process alive.
    await db.destroy();
    throw error;
  });
  return db;
}

/** Kysely has no access to the pool it was given. */
const opened = new WeakMap<Database, Opened>();

interface Opened {
  location: PostgresLocation;
  servers: Servers;
  pool: pg.Pool;
}

/** For the databases that `atOnce` creates: sends statements on their one connection. */
const shared = new WeakMap<Database, Run>();

/** The servers at a location: those of the database, if it is opened there, so that both know the same. */
export function serversAt({ url }: PostgresLocation, db: Database): Servers {
  const on = opened.get(db);
  return on?.location.url === url ? on.servers : new Servers(url);
}

/**
 * Runs statements with a name, which Kysely can't send; undefined on the embedded database, and in a
 * transaction.
 */
export function runnerOf(db: Database): Run | undefined {
  const { pool, location } = opened.get(db) ?? {};
  return shared.get(db) ?? (pool && location && runnerOn(pool, location));
}

/**
 * Reads with a database whose `statement`s all go to one connection. None waits for the answer to another,
 * so that together they take little longer than one of them.
 */
export async function atOnce<Result>(
  db: Database,
  read: (db: Database) => Promise<Result>,
): Promise<Result> {
  const on = opened.get(db);
  if (!on) return read(db);
  const client = await on.pool.connect();
  const one = db.withPlugin(onlyStatements);
  shared.set(one, runnerOn(client, on.location));
  try {
    const result = await read(one);
    client.release();
    return result;
  } catch (error) {
    // Other statements may still be under way on the connection.
    client.release(true);
    throw error;
  }
}

const onlyStatements: KyselyPlugin = {
  transformQuery() {
    // If such readers held all connections, each would wait for another one for ever.
    throw new Error('Kysely would send this on another connection: atOnce takes statements only.');
  },
  transformResult: async ({ result }) => result,
};

/** How many connections of the pool are in use now; undefined for the embedded database. */
export function connectionsOf(db: Database) {
  const pool = opened.get(db)?.pool;
  if (!pool) return undefined;
  const { totalCount, idleCount, waitingCount } = pool;
  return { idle: idleCount, busy: totalCount - idleCount, waiting: waitingCount };
}
