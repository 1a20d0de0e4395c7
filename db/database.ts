import {
  Kysely,
  type Transaction as KyselyTransaction,
  PGliteDialect,
  PostgresDialect,
} from 'kysely';
import pg from 'pg';
import { openEmbedded } from './embedded.ts';
import { migrateToLatest } from './migrate.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;
export type Transaction = KyselyTransaction<Schema>;

/** Where the data lives: a PostgreSQL server, or a folder (or memory) for the embedded one. */
export type DatabaseLocation = { url: string } | { folder: string } | { memory: true };

/**
 * A page must not hang on a database that doesn't answer, so waiting has an end: for a connection,
 * for a statement, and a little later for an answer of any kind. Together less than 3 s.
 */
const CONNECTION_MS = 1_000;
const STATEMENT_MS = 1_200;
const ANSWER_MS = 1_500;

/**
 * Opens the database and brings its schema up to date. `destroy()` closes it.
 *
 * @throws {FolderInUse} when another process has the embedded folder open.
 * @throws {FolderReadOnly}
 * @throws {SchemaTooNew}
 */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  if ('url' in location) return openPostgres(location.url);
  const pglite = await openEmbedded('folder' in location ? location.folder : undefined);
  // Kysely's own dialect rather than PGlite's imitation of a `pg` connection: it queues
  // transactions with a mutex, and a failed query can't hand its rows to the next one.
  const db: Database = new Kysely({ dialect: new PGliteDialect({ pglite }) });
  await migrateToLatest(db).catch(async (error) => {
    // A command ends when nothing is open any more.
    await db.destroy();
    throw error;
  });
  return db;
}

async function openPostgres(url: string): Promise<Database> {
  // A migration, or the wait for another process that runs it, may take longer than a page.
  const patient = connect({ connectionString: url, max: 1 });
  await migrateToLatest(patient).finally(() => patient.destroy());
  return connect({ ...impatient(url), max: 10 });
}

function connect(config: pg.PoolConfig): Database {
  const pool = openPool(config);
  const db: Database = new Kysely({ dialect: new PostgresDialect({ pool }) });
  pools.set(db, pool);
  return db;
}

/** Kysely keeps its pool to itself. */
const pools = new WeakMap<Database, pg.Pool>();

/** How the pool is used at this moment; the embedded database has none. */
export function connectionsOf(db: Database) {
  const pool = pools.get(db);
  if (!pool) return undefined;
  const { totalCount, idleCount, waitingCount } = pool;
  return { idle: idleCount, busy: totalCount - idleCount, waiting: waitingCount };
}

/** Connections that give up in time, for whoever is waiting. */
export function impatient(url: string): pg.PoolConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECTION_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    // In this mode `pg` drops a connection on which no answer came. Otherwise it would go back to
    // the pool, for everybody after to wait on; so would the end of its transaction.
    pipeline: true,
    idle_in_transaction_session_timeout: 10_000,
  };
}

export function openPool(config: pg.PoolConfig): pg.Pool {
  const types = new pg.TypeOverrides();
  // bigint: identities and counts stay far below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ ...config, types });
  // A connection that breaks leaves the pool by itself, and who is using it hears of it from the
  // statement. Unheard, the event would end us: the pool's for an idle one, else its own.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/**
 * Why the database of DATABASE_URL can't be used, in a sentence for the operator; undefined where
 * that is not what an error means.
 */
export function connectionProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  // Where a name has several addresses, and none answers, there is only a code.
  const reason = error.message || code;
  // Class 28 is "invalid authorization"; 3D000 is a database that is not there.
  if (/^(28|3D)/.test(code)) return `The database of DATABASE_URL refuses us (${reason}).`;
  if (isDatabaseAway(error)) return `The database of DATABASE_URL does not answer (${reason}).`;
  return undefined;
}

/**
 * Whether an error means that the database could not be reached, did not answer in time, is stopping,
 * or lacks room.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  // Class 08 is "connection exception", 57P "operator intervention", 57014 a statement timeout,
  // 53 "insufficient resources", such as a full disk or too many connections; 55000 comes from a
  // database that accepts no connections; "connect ENOENT" is a Unix socket that is not there.
  return (
    /^(08|57P|57014|53|55000|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE)/.test(code) ||
    /^(connect ENOENT|timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client (has encountered|was closed))/.test(
      error.message,
    )
  );
}
