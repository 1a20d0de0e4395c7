import pg from 'pg';

/** Where the data is: a PostgreSQL server, or a folder (or memory) for the embedded database. */
export type DatabaseLocation = PostgresLocation | { folder: string } | { memory: true };

export interface PostgresLocation {
  url: string;
  /** What shares the server's connections: PgBouncer, giving one for each transaction. */
  pooler?: 'transaction';
}

/**
 * What is wrong with the URL of a PostgreSQL server, in a sentence; undefined when nothing is.
 * Like psql, it accepts a URL without a host (`postgres://user:password@/name?host=/folder`).
 */
export function databaseUrlProblem(url: string): string | undefined {
  const isInvalid = 'DATABASE_URL must begin with postgres:// and be a valid URL.';
  if (!/^postgres(ql)?:\/\//.test(url)) return isInvalid;
  try {
    // Reads the certificate files that the URL names, but does not connect.
    new pg.Client({ connectionString: url });
    return undefined;
  } catch (error) {
    // The messages about URLs may contain the password.
    if (!(error instanceof Error && 'syscall' in error)) return isInvalid;
    return `DATABASE_URL names a file that can't be read (${error.message}).`;
  }
}

/** The location in words, without user and password. */
export function describeLocation(location: DatabaseLocation): string {
  if ('memory' in location) return 'the database in memory';
  if ('folder' in location) return `the database in ${location.folder}`;
  const { host, port, database } = new pg.Client({ connectionString: location.url });
  return `the database ${database} on ${host}${host.startsWith('/') ? '' : `:${port}`}`;
}
