import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type Database, type DatabaseLocation, openDatabase } from './database.ts';

interface TestDatabase {
  /** Open from the first test to the last. */
  readonly db: Database;
}

/** Where bin/test.ts, or the person who runs a file alone, has a PostgreSQL to spare. */
const server = process.env.TEST_DATABASE_URL ?? '';

/** Why tests on PostgreSQL are skipped; false where there is one. */
export const noPostgres =
  server === '' && 'there is no PostgreSQL: install one, or set TEST_DATABASE_URL';

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

/** The URL of a new, empty database on the test server. */
export async function createTestDatabase(): Promise<string> {
  const url = new URL(server);
  url.pathname = `/test_${randomBytes(8).toString('hex')}`;
  await onServer(`create database ${url.pathname.slice(1)}`);
  return url.href;
}

export async function dropTestDatabase(url: string): Promise<void> {
  await onServer(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
