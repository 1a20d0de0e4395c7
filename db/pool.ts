import pg from 'pg';
import { DatabaseReadOnly } from './errors.ts';
import type { PostgresLocation } from './location.ts';

/**
 * A page must not hang on a database that does not answer, so every wait has a limit: for a
 * connection, for a statement, and a little later for an answer of any kind. Together less than 3 s.
 */
const CONNECTION_MS = 1_000;
const STATEMENT_MS = 1_200;
const ANSWER_MS = 1_500;

/** The limits that the server keeps, in ms. */
export const SERVER_LIMITS = {
  statement_timeout: STATEMENT_MS,
  idle_in_transaction_session_timeout: 10_000,
};

/** For requests, which must not wait long. */
export function withTimeouts({ url, pooler }: PostgresLocation): pg.PoolConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECTION_MS,
    query_timeout: ANSWER_MS,
    // In this mode `pg` closes a connection that did not answer. Otherwise it would return to the
    // pool, where the next requests and the end of its transaction would wait on it.
    pipeline: true,
    // Sent as the connection begins, and a pooler's connection is not the server's.
    ...(pooler ? {} : SERVER_LIMITS),
  };
}

/** How long a start waits for a connection. Without a limit it would wait in silence. */
const FIRST_CONNECTION_MS = 5_000;

/** For migrations: one may take long, and so may waiting for another process that runs them. */
export function forMigrations(url: string): pg.PoolConfig {
  return { connectionString: url, connectionTimeoutMillis: FIRST_CONNECTION_MS };
}

/**
 * A pool whose connections can write: one to a standby, or to a server that has become read-only,
 * fails with DatabaseReadOnly, since what it reads may be out of date.
 */
export function openPool(config: pg.PoolConfig): pg.Pool {
  const types = new pg.TypeOverrides();
  // bigint: identities and counts stay far below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ ...config, types, Client: WatchedClient, verify: requireWritable });
  // The pool removes a broken connection by itself, and a statement on it fails. Without these
  // listeners the event would end the process: the pool's for an idle one, otherwise its own.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  dropIdleWithBroken(pool);
  return pool;
}

/**
 * Where one connection has broken, the idle ones may have broken too without a sign (a router has
 * forgotten them), and each would cost a request its answer. So they are all replaced.
 */
function dropIdleWithBroken(pool: pg.Pool): void {
  const idle = new Set<pg.PoolClient>();
  pool.on('acquire', (client) => idle.delete(client));
  pool.on('remove', (client) => idle.delete(client));
  pool.on('release', (error, client) => {
    // `pg` destroys a connection on which no answer came, but reports it as broken only a moment
    // later, when another request may already have it or one of the idle ones.
    const isSilent = error instanceof Error && error.message === 'Query read timeout';
    if (isSilent || client.connection.stream.destroyed) breakConnection(client);
    else idle.add(client);
  });
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      const others = [...idle];
      idle.clear();
      for (const other of others) breakConnection(other, error);
    });
  });
}

/** As if the network had reported it: its statements fail, and its pool removes it. */
function breakConnection(
  { connection }: pg.Client,
  error: Error = new Error('Connection terminated'),
): void {
  connection.emit('error', error);
  connection.stream.destroy();
}

function requireWritable(client: pg.PoolClient, done: (error?: Error) => void): void {
  const isReadOnly = client instanceof WatchedClient && client.isReadOnly;
  done(isReadOnly ? new DatabaseReadOnly() : undefined);
}

/** PostgreSQL 14 and later report these as a connection begins, and each time they change. */
const READ_ONLY = ['in_hot_standby', 'default_transaction_read_only'];

interface ParameterStatus {
  parameterName: string;
  parameterValue: string;
}

class WatchedClient extends pg.Client {
  isReadOnly = false;

  constructor(config?: pg.ClientConfig) {
    super(config);
    let isConnected = false;
    this.once('connect', () => {
      isConnected = true;
    });
    this.connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
      if (!READ_ONLY.includes(parameterName) || parameterValue !== 'on') return;
      this.isReadOnly = true;
      // Comes before the end of the statement, so that even this one's result is not used.
      if (isConnected) breakConnection(this, new DatabaseReadOnly());
    });
  }
}
