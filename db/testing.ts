import { after, before, describe, test } from 'node:test';
import { type Database, type DatabaseLocation, openDatabase } from './database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from './test-databases.ts';

interface TestDatabase {
  /** Open from the first test to the last. */
  readonly db: Database;
}

/** Declares the same tests on the embedded database and on PostgreSQL, each on a fresh one. */
export function describeOnEachDatabase(title: string, tests: (on: TestDatabase) => void): void {
  describe(`${title}, embedded`, () => tests(opened(async () => ({ memory: true }))));

  if (noPostgres) {
    test(`${title}, PostgreSQL`, { skip: noPostgres });
    return;
  }
  describe(`${title}, PostgreSQL`, () => {
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
  let db: Database | undefined;
  before(async () => {
    db = await openDatabase(await place());
  });
  after(() => db?.destroy());
  return {
    get db() {
      if (!db) throw new Error('The database is open only while the tests run.');
      return db;
    },
  };
}
