/** An error that an operator can fix. The message says how. */
export class OperatorError extends Error {}

/** The expected database of this app does not exist. */
export class DatabaseMissing extends OperatorError {}

/** The server is a standby, or does not allow writing. */
export class DatabaseReadOnly extends OperatorError {
  constructor() {
    super(
      'The database of DATABASE_URL is read-only: a standby, or default_transaction_read_only is on. ' +
        'Let DATABASE_URL name the primary server.',
    );
  }
}

/** The app has used a server with a later history, so this one lacks the latest changes. */
export class ServerOutdated extends OperatorError {
  constructor() {
    super(
      'The server was left behind by a promotion: the app has used one with a later timeline, or of ' +
        'another system. If this server is the right one, run "delete from timelines" on it and restart the app.',
    );
  }
}

/** None of the servers of DATABASE_URL is reachable and accepts writes. */
export class NoServerWritable extends OperatorError {
  /** @param servers each with what is wrong with it */
  constructor(servers: string[]) {
    super(`None of the servers of DATABASE_URL can be used: ${servers.join('; ')}.`);
  }
}

/** A change is on the primary, and may not be on its standbys. Treated as if no answer had come. */
export class NotConfirmed extends OperatorError {
  constructor() {
    super(
      'The database gave a warning instead of confirming a change: the wait for a standby was cancelled.',
    );
  }
}

/** Checks can't be read from the standby of CHECKS_DATABASE_URL now. */
export class StandbyUnusable extends OperatorError {
  /** @param cause an error, or the reason in words */
  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : cause;
    super(`Checks can't be read from the standby of CHECKS_DATABASE_URL: ${why}.`, { cause });
  }
}

/** DATABASE_URL leads to a pooler, and DATABASE_POOLER is not set. */
export class PoolerUnknown extends OperatorError {
  constructor(cause: Error) {
    super(
      `DATABASE_URL leads to a pooler, such as PgBouncer in transaction mode (${cause.message}). ` +
        'Set DATABASE_POOLER=transaction.',
      { cause },
    );
  }
}

const AWAY = [
  DatabaseReadOnly,
  ServerOutdated,
  NoServerWritable,
  NotConfirmed,
  StandbyUnusable,
  PoolerUnknown,
];

/**
 * PoolerUnknown for an error that only a pooler causes: it refuses a startup parameter, or the server's
 * connection does not know a statement by its name, or already has one of this name.
 */
export function poolerUnknown(error: unknown): PoolerUnknown | undefined {
  if (!(error instanceof Error)) return undefined;
  const isUnknown =
    /^(26000|42P05)$/.test(codeOf(error)) || /^unsupported startup parameter/.test(error.message);
  return isUnknown ? new PoolerUnknown(error) : undefined;
}

/**
 * Why the database of DATABASE_URL can't be used, in a sentence for the operator; undefined where
 * an error has another cause.
 */
export function databaseProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const pooler = poolerUnknown(error);
  if (pooler) return pooler.message;
  const code = codeOf(error);
  // If a name has several addresses and none answers, there is only a code.
  const reason = error.message || code;
  if (isUntrusted(error)) {
    return (
      `The TLS connection to the database of DATABASE_URL failed (${reason}). Where a private CA ` +
      "has signed the server's certificate, add sslmode=verify-full&sslrootcert=FILE to DATABASE_URL."
    );
  }
  if (error.message === NO_TLS) {
    return (
      'The database of DATABASE_URL does not offer TLS. ' +
      'Turn it on there (ssl = on), or remove sslmode from DATABASE_URL.'
    );
  }
  // 42501 is a missing privilege; 3F000 means that the role may use no schema.
  if (/^(42501|3F000)$/.test(code)) {
    return (
      `The role of DATABASE_URL lacks a privilege (${reason}). Make it the owner of the database ` +
      '(ALTER DATABASE … OWNER TO …), or connect to that database as a superuser and run ' +
      'GRANT ALL ON SCHEMA public TO … for it. It must also own the tables of the app.'
    );
  }
  if (isRefused(code)) return `The database of DATABASE_URL refuses the connection (${reason}).`;
  if (isDatabaseAway(error)) return `The database of DATABASE_URL does not answer (${reason}).`;
  return undefined;
}

/**
 * Whether an error means that the database could not be reached, refused the connection, did not
 * answer in time, is stopping, is read-only, or lacks space.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (AWAY.some((kind) => error instanceof kind)) return true;
  if (isUntrusted(error)) return true;
  const code = codeOf(error);
  // Class 08 is "connection exception", 57P "operator intervention", 57014 a statement timeout,
  // 53 "insufficient resources", such as a full disk or too many connections; 55000 comes from a
  // database that accepts no connections, 25006 from one that allows no writing; "connect ENOENT"
  // is a Unix socket that is not there.
  return (
    isRefused(code) ||
    /^(08|57P|57014|53|55000|25006|ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE)/.test(code) ||
    /^(connect ENOENT|timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client (has encountered|was closed))/.test(
      error.message,
    ) ||
    error.message === NO_TLS
  );
}

/** The messages of `pg`, which has no code for this. */
const NO_TLS = 'The server does not support SSL connections';

/** Class 28 is "invalid authorization"; 3D000 is a database that does not exist. */
function isRefused(code: string): boolean {
  return /^(28|3D)/.test(code);
}

/** Whether Node rejected the server's certificate, or a certificate file. */
function isUntrusted(error: Error): boolean {
  return /CERT|^UNABLE_TO_VERIFY|^ERR_(TLS|SSL|OSSL)/.test(codeOf(error));
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
