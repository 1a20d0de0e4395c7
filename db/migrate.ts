import fs from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Kysely, sql } from 'kysely';
import { FileMigrationProvider, Migrator } from 'kysely/migration';
import { OperatorError } from './errors.ts';

/** Each file of db/migrations is a migration; they run in the order of their names. */
export const migrations = new FileMigrationProvider({
  fs,
  path,
  migrationFolder: path.join(import.meta.dirname, 'migrations'),
  import: (file) => import(pathToFileURL(file).href),
});

/** The database was already used by a later version of this program. */
class SchemaTooNew extends OperatorError {}

/** Any number that no other program uses for a lock of this database. */
const LOCK = 7_412_014;

/**
 * Brings the schema up to date, in one transaction. Safe to call from several processes at once. If a
 * migration fails, throws its error and leaves the schema as it was.
 *
 * @throws {SchemaTooNew}
 */
export async function migrateToLatest<Schema>(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // A role may have a limit that is meant for requests (docs/scale.md).
    await sql`set local statement_timeout = 0`.execute(trx);
    // Kysely's own lock belongs to its connection, and a pooler such as PgBouncer may give the statements
    // before, in and after a transaction to different connections: the lock would be held for ever. This
    // lock ends with the transaction.
    await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(trx);
    const { error } = await migrator(trx).migrateToLatest();
    if (error) throw unknownMigration(error) ?? error;
  });
}

/** Whether this program has ever created its tables in the database. */
export async function hasTables<Schema>(db: Kysely<Schema>): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select to_regclass('kysely_migration') is not null as found`.execute(db);
  return rows[0]?.found === true;
}

/** Kysely's message when the database has a migration that this program doesn't have. */
function unknownMigration(cause: unknown): SchemaTooNew | undefined {
  const name =
    cause instanceof Error
      ? /previously executed migration (\S+) is missing/.exec(cause.message)?.[1]
      : undefined;
  if (name === undefined) return undefined;
  return new SchemaTooNew(
    `The database was brought up to date (${name}) by a later version of this program. ` +
      'Start that version, or restore a copy of the database from before.',
    { cause },
  );
}

/** Whether the database has every migration that this program knows. Throws if it can't be reached. */
export async function isMigrated<Schema>(db: Kysely<Schema>): Promise<boolean> {
  const known = await migrator(db).getMigrations();
  return known.every((migration) => migration.executedAt !== undefined);
}

function migrator<Schema>(db: Kysely<Schema>): Migrator {
  return new Migrator({ db, provider: migrations });
}
