import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type Database, type DatabaseLocation, openDatabase } from './database.ts';

interface TestDatabase {
  /** Open from the first test to the last. */
  readonly db: Database;
}

/** Where bin/test.ts, or the person who runs a file alone, has a PostgreSQL to spare. */
const server = process.env.TEST_DATABASE_URL;

/**
 * Declares the same tests on the embedded database and on PostgreSQL, each on a fresh one. Where
 * no PostgreSQL is at hand, its tests are skipped, and say so.
 */
export function describeOnEachDatabase(title: string, tests: (on: TestDatabase) => void): void {
  describe(`${title}, embedded`, () => tests(opened(async () => ({ memory: true }))));

  if (server === undefined) {
    const skip = 'there is no PostgreSQL: install one, or set TEST_DATABASE_URL';
    test(`${title}, PostgreSQL`, { skip });
    return;
  }
  describe(`${title}, PostgreSQL`, () => {
    const name = `test_${randomBytes(8).toString('hex')}`;
    tests(
      opened(async () => {
        await onServer(`create database ${name}`);
        return { url: withDatabase(name) };
      }),
    );
    after(() => onServer(`drop database if exists ${name} with (force)`));
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

/** A database of that name on the test server. */
export function withDatabase(name: string): string {
  const url = new URL(server ?? 'postgres://nowhere');
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs one statement on the test server's own database. */
export async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
