import { after, before, describe, test } from 'node:test';
import { type Database, openDatabase } from '../database.ts';
import type { DatabaseLocation } from '../location.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from './databases.ts';

export interface TestDatabase {
  /** Open from the first test to the last. */
  readonly db: Database;
  readonly location: DatabaseLocation;
}

type Tests = (on: TestDatabase) => void;

/** Declares the same tests on the embedded database and on PostgreSQL, each on a fresh one. */
export function describeOnEachDatabase(title: string, tests: Tests): void {
  describeEmbedded(`${title}, embedded`, tests);
  if (noPostgres) test(`${title}, PostgreSQL`, { skip: noPostgres });
  else describePostgres(`${title}, PostgreSQL`, tests);
}

/** Declares tests on a fresh PostgreSQL database, or an embedded one where there is no PostgreSQL. */
export function describeOnDatabase(title: string, tests: Tests): void {
  if (noPostgres) describeEmbedded(title, tests);
  else describePostgres(title, tests);
}

function describeEmbedded(title: string, tests: Tests): void {
  describe(title, () => tests(opened(async () => ({ memory: true }))));
}

function describePostgres(title: string, tests: Tests): void {
  describe(title, () => {
    let url: string;
    tests(
      opened(async () => {
        url = await createTestDatabase();
        return { url };
      }),
    );
    after(() => dropTestDatabase(url));
  });
}

function opened(place: () => Promise<DatabaseLocation>): TestDatabase {
  let database: TestDatabase | undefined;
  before(async () => {
    const location = await place();
    database = { location, db: await openDatabase(location) };
  });
  after(() => database?.db.destroy());
  const open = () => {
    if (!database) throw new Error('The database is open only while the tests run.');
    return database;
  };
  return {
    get db() {
      return open().db;
    },
    get location() {
      return open().location;
    },
  };
}
