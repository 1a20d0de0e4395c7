import pg from 'pg';
import { breakConnection, WatchedClient } from './client.ts';
import type { PostgresLocation } from './location.ts';
import type { Servers } from './servers.ts';

/**
 * A page must not hang on a database that does not answer, so every wait has a limit: for a
 * connection, for a statement, and a little later for an answer of any kind. Together less than 3 s; where
 * one of several servers has to be found first, that can take another second.
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
export function withTimeouts({ pooler }: Pick<PostgresLocation, 'pooler'> = {}): pg.PoolConfig {
  return {
    connectionTimeoutMillis: CONNECTION_MS,
    query_timeout: ANSWER_MS,
    // In this mode `pg` closes a connection that did not answer. Otherwise the connection would return to
    // the pool, and the next requests and the end of its transaction would wait for it.
    pipeline: true,
    // Sent as the connection begins. A pooler refuses them, or does not pass them on to the server.
    ...(pooler ? {} : SERVER_LIMITS),
  };
}

/** How long a start waits for a connection. Without a limit it would wait in silence. */
const FIRST_CONNECTION_MS = 5_000;

/** For migrations: one may take long, and so may waiting for another process that runs them. */
export function forMigrations(): pg.PoolConfig {
  return { connectionTimeoutMillis: FIRST_CONNECTION_MS };
}

/**
 * A pool whose connections can write: one to a standby, to a server that has become read-only, or to
 * one that a promotion has left behind, fails, since what it reads may be out of date.
 */
export function openPool(servers: Servers, config: pg.PoolConfig): pg.Pool {
  const types = new pg.TypeOverrides();
  // bigint: identities and counts stay far below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new ServersPool(servers, { ...config, types });
  // The pool removes a broken connection by itself, and a statement on it fails. Without these listeners the
  // event would end the process: of the pool for an idle connection, otherwise of the connection.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  replaceBroken(pool, servers);
  return pool;
}

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (error?: Error | boolean) => void,
) => void;

/** A pool of connections to the server that accepts writes, whichever it is. */
class ServersPool extends pg.Pool {
  readonly #servers: Servers;

  constructor(servers: Servers, config: pg.PoolConfig) {
    super({
      ...config,
      Client: class extends WatchedClient {
        constructor(options?: pg.ClientConfig) {
          super({ ...options, connectionString: servers.url });
        }
      },
      verify: (client, done) => {
        servers.examine(client).then(() => done(), done);
      },
    });
    this.#servers = servers;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    if (callback === undefined) {
      return new Promise((resolve, reject) => {
        this.connect((error, client) => (client ? resolve(client) : reject(error)));
      });
    }
    if (this.#servers.isKnown) this.#connectToKnown(callback);
    else this.#connectToFound(callback);
    return undefined;
  }

  #connectToKnown(callback: Connected): void {
    super.connect((error, client, done) => {
      if (error === undefined || this.#servers.isOnly || isNoDoubt(error)) {
        callback(error, client, done);
        return;
      }
      this.#servers.doubt();
      // A request that has waited for a server without an answer does not wait for another server.
      if (isSilence(error)) callback(error, client, done);
      else this.#connectToFound(callback);
    });
  }

  #connectToFound(callback: Connected): void {
    this.#servers.find().then(
      () => super.connect(callback),
      (error) => callback(error, undefined, () => {}),
    );
  }
}

/** Whether the pool or the server has too many connections, or the server knows no such role or database. */
function isNoDoubt(error: Error): boolean {
  const isExhausted = error.message === 'timeout exceeded when trying to connect';
  return isExhausted || ('code' in error && /^(53|28|3D)/.test(String(error.code)));
}

function isSilence({ message }: Error): boolean {
  return message === 'Connection terminated due to connection timeout' || isUnanswered(message);
}

function isUnanswered(message: string): boolean {
  return message === 'Query read timeout';
}

/**
 * Where one connection has broken, the others may have broken too without a sign (a router has
 * forgotten them, their server is another one now), and each would cost a request its answer. So they
 * are all replaced, in all pools; those in use, when they are released.
 */
function replaceBroken(pool: pg.Pool, servers: Servers): void {
  const idle = new Set<pg.PoolClient>();
  const busy = new Set<pg.PoolClient>();
  const dropped = new WeakSet<pg.PoolClient>();
  servers.onDoubt(() => {
    const others = [...idle];
    idle.clear();
    for (const client of [...others, ...busy]) dropped.add(client);
    for (const client of others) breakConnection(client);
  });
  pool.on('acquire', (client) => {
    idle.delete(client);
    busy.add(client);
  });
  pool.on('remove', (client) => {
    idle.delete(client);
    busy.delete(client);
  });
  pool.on('release', (error, client) => {
    busy.delete(client);
    // `pg` destroys a connection on which no answer came, but reports it as broken only a moment
    // later, when another request may already have it or one of the idle ones.
    const isSilent = error instanceof Error && isUnanswered(error.message);
    if (isSilent || client.connection.stream.destroyed || dropped.has(client)) {
      breakConnection(client);
    } else idle.add(client);
  });
  pool.on('connect', (client) => {
    // Once: `pg` reports the end of a connection again.
    client.once('error', () => {
      if (!dropped.has(client)) servers.doubt();
    });
  });
}
