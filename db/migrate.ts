import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { OperatorError } from './errors.ts';
import * as firstTables from './migrations/0001-first-tables.ts';
import * as myProfile from './migrations/0002-my-profile.ts';
import * as keysInUse from './migrations/0003-keys-in-use.ts';
import * as operatorsEvents from './migrations/0004-operators-events.ts';
import * as eventDetails from './migrations/0005-event-details.ts';
import * as knownAddresses from './migrations/0006-known-addresses.ts';
import * as installation from './migrations/0007-installation.ts';
import * as rateLimitedEvents from './migrations/0008-rate-limited-events.ts';
import * as eventsByAge from './migrations/0009-events-by-age.ts';
import * as endedKeys from './migrations/0010-ended-keys.ts';
import * as eventsByKindAndKey from './migrations/0012-events-by-kind-and-key.ts';
import * as keyLife from './migrations/0013-key-life.ts';
import * as twoFactor from './migrations/0020-two-factor.ts';
import * as devices from './migrations/0021-devices.ts';
import * as logInSteps from './migrations/0022-log-in-steps.ts';
import * as successors from './migrations/0023-successors.ts';
import * as prefixFormat from './migrations/0024-prefix-format.ts';
import * as timelines from './migrations/0030-timelines.ts';
import * as leakReports from './migrations/0031-leak-reports.ts';
import * as devicesOfEvents from './migrations/0032-devices-of-events.ts';

/** Every migration by name; names sort in the order in which they run. */
export const migrations: Record<string, Migration> = {
  '0001-first-tables': firstTables,
  '0002-my-profile': myProfile,
  '0003-keys-in-use': keysInUse,
  '0004-operators-events': operatorsEvents,
  '0005-event-details': eventDetails,
  '0006-known-addresses': knownAddresses,
  '0007-installation': installation,
  '0008-rate-limited-events': rateLimitedEvents,
  '0009-events-by-age': eventsByAge,
  '0010-ended-keys': endedKeys,
  '0012-events-by-kind-and-key': eventsByKindAndKey,
  '0013-key-life': keyLife,
  '0020-two-factor': twoFactor,
  '0021-devices': devices,
  '0022-log-in-steps': logInSteps,
  '0023-successors': successors,
  '0024-prefix-format': prefixFormat,
  '0030-timelines': timelines,
  '0031-leak-reports': leakReports,
  '0032-devices-of-events': devicesOfEvents,
};

/** The database was already used by a later version of this program. */
export class SchemaTooNew extends OperatorError {}

/** Any number that no other program uses for a lock of this database. */
const LOCK = 7_412_014;

/**
 * Brings the schema up to date, in one transaction. Safe to call from several processes at once;
 * throws the first migration's error and leaves the schema as it was.
 *
 * @throws {SchemaTooNew}
 */
export async function migrateToLatest<Schema>(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // A role may have a limit that is meant for requests (docs/scale.md).
    await sql`set local statement_timeout = 0`.execute(trx);
    // Kysely's own lock is its connection's, and a pooler such as PgBouncer may give the statements
    // before, in and after a transaction to different connections: it would be held for ever. This
    // one ends with the transaction.
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

/** Whether the database can be reached and holds every migration this program knows. */
export async function isMigrated<Schema>(db: Kysely<Schema>): Promise<boolean> {
  const known = await migrator(db).getMigrations();
  return known.every((migration) => migration.executedAt !== undefined);
}

function migrator<Schema>(db: Kysely<Schema>): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => migrations } });
}
