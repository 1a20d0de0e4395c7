import pg from 'pg';

/**
 * A page must not hang on a database that does not answer, so every wait has a limit: for a
 * connection, for a statement, and a little later for an answer of any kind. Together less than 3 s.
 */
const CONNECTION_MS = 1_000;
const STATEMENT_MS = 1_200;
const ANSWER_MS = 1_500;

/** For requests, which must not wait long. */
export function withTimeouts(url: string): pg.PoolConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECTION_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    // In this mode `pg` closes a connection on which no answer came. Otherwise it would go back to
    // the pool, where the next requests would wait on it; so would the end of its transaction.
    pipeline: true,
    idle_in_transaction_session_timeout: 10_000,
  };
}

/** For migrations: one may take long, and so may waiting for another process that runs them. */
export function withoutTimeouts(url: string): pg.PoolConfig {
  return { connectionString: url };
}

export function openPool(config: pg.PoolConfig): pg.Pool {
  const types = new pg.TypeOverrides();
  // bigint: identities and counts stay far below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ ...config, types });
  // The pool removes a broken connection by itself, and a statement on it fails. Without these
  // listeners the event would end the process: the pool's for an idle one, otherwise its own.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
