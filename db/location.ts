import pg from 'pg';
import { serversOf, targetOf, WrongUrl } from './postgres-url.ts';

/** Where the data is: a PostgreSQL server, or a folder (or memory) for the embedded database. */
export type DatabaseLocation = PostgresLocation | { folder: string } | { memory: true };

export interface PostgresLocation {
  url: string;
  /** Set if PgBouncer shares the server's connections and gives one to each transaction. */
  pooler?: 'transaction';
}

/** Where checks of keys are read, if not on the primary. */
export interface StandbyLocation {
  url: string;
  /** What answers a check while the standby must not be read. */
  otherwise: 'primary' | 'nothing';
}

/** Any other value would choose a server that may not accept writes. */
const TARGETS = ['read-write', 'primary'];

/**
 * What is wrong with the URL of a PostgreSQL server, in a sentence; undefined when nothing is.
 * Like psql, it accepts a URL without a host (`postgres://user:password@/name?host=/folder`), and
 * one with several.
 */
export function databaseUrlProblem(url: string): string | undefined {
  const target = targetOf(url);
  if (target !== null && !TARGETS.includes(target)) {
    return 'DATABASE_URL: target_session_attrs can only be read-write (or primary): the app writes.';
  }
  return urlProblem('DATABASE_URL', url);
}

/** The same, for the URL of a standby. */
export function standbyUrlProblem(url: string): string | undefined {
  const problem = urlProblem('CHECKS_DATABASE_URL', url);
  if (problem || serversOf(url).length === 1) return problem;
  return 'CHECKS_DATABASE_URL names several servers; it can only be one.';
}

function urlProblem(name: string, url: string): string | undefined {
  const isInvalid = `${name} must begin with postgres:// and be a valid URL.`;
  if (!/^postgres(ql)?:\/\//.test(url)) return isInvalid;
  try {
    // Reads the certificate files that the URL names, but does not connect.
    serversOf(url);
    return undefined;
  } catch (error) {
    if (error instanceof WrongUrl) return `${name} ${error.message}.`;
    // The messages about URLs may contain the password.
    if (!(error instanceof Error && 'syscall' in error)) return isInvalid;
    return `${name} names a file that can't be read (${error.message}).`;
  }
}

/** The location in words, without user and password. */
export function describeLocation(location: DatabaseLocation): string {
  if ('memory' in location) return 'the database in memory';
  if ('folder' in location) return `the database in ${location.folder}`;
  const servers = serversOf(location.url);
  const { database } = new pg.Client({ connectionString: servers[0]?.url });
  return `the database ${database} on ${servers.map(({ name }) => name).join(' or ')}`;
}
