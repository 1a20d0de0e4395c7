import { randomBytes } from 'node:crypto';
import type { NetConnectOpts } from 'node:net';
import pg from 'pg';

/** The PostgreSQL server for tests; bin/test.ts sets it, or the person who runs a single file. */
const server = process.env.TEST_DATABASE_URL ?? '';

/** Why tests on PostgreSQL are skipped; false if there is a server. */
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
  const name = new URL(url).pathname.slice(1);
  await onServer(`drop database if exists ${name} with (force)`);
  await onServer(`drop role if exists ${name}`);
}

/** How to reach the server of a database without `pg`. */
export function addressOf(url: string): NetConnectOpts {
  const { host, port } = new pg.Client({ connectionString: url });
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

/** Sets new connections to a test database to read-only, as on a standby, or to writable. */
export async function setReadOnly(url: string, isReadOnly: boolean): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await onServer(`alter database ${name} set default_transaction_read_only = ${isReadOnly}`);
}

/** Cuts all connections to a test database and refuses new ones; or accepts them again. */
export async function allowConnections(url: string, allowed: boolean): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await onServer(`alter database ${name} with allow_connections ${allowed}`);
  if (!allowed) await cutConnections(url);
}

export async function cutConnections(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await onServer(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
  );
}

/**
 * Creates a role with all privileges on a test database, but none on its schema, as GRANT ALL ON
 * DATABASE alone leaves it on PostgreSQL 15. Returns the URL with which it connects.
 */
export async function createRoleWithoutSchema(database: string): Promise<string> {
  const url = new URL(database);
  const name = url.pathname.slice(1);
  // The same name as the database's, so that dropTestDatabase can drop both.
  await onServer(`create role ${name} login password '${name}'`);
  await onServer(`grant all on database ${name} to ${name}`);
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  await client.query('revoke create on schema public from public').finally(() => client.end());
  url.username = name;
  url.password = name;
  return url.href;
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}
