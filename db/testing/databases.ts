import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** Where bin/test.ts, or the person who runs a file alone, has a PostgreSQL to spare. */
const server = process.env.TEST_DATABASE_URL ?? '';

/** Why tests on PostgreSQL are skipped; false where there is one. */
export const noPostgres =
  server === '' && 'there is no PostgreSQL: install one, or set TEST_DATABASE_URL';

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

/** Cuts all connections to a test database and refuses new ones; or lets them in again. */
export async function allowConnections(url: string, allowed: boolean): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await onServer(`alter database ${name} with allow_connections ${allowed}`);
  if (allowed) return;
  await onServer(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
  );
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
