import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  type TransactionSettings,
} from 'kysely';
import type pg from 'pg';
import { poolerUnknown } from './errors.ts';
import type { PostgresLocation } from './location.ts';
import { SERVER_LIMITS } from './pool.ts';

/**
 * Whether a connection keeps statements by their names. Behind a pooler the next transaction may have
 * another connection of the server, which does not know them.
 */
export function keepsStatements({ pooler }: PostgresLocation): boolean {
  return pooler === undefined;
}

interface Statement {
  /** The name under which the connection keeps it; without one it is planned each time. */
  name?: string;
  text: string;
  values: unknown[];
}

/** @throws {PoolerUnknown} instead of an error that only a pooler explains. */
export type Run = <Row extends object>(statement: Statement) => Promise<Row[]>;

/** Returns a function that runs statements, which the connection keeps unless a pooler prevents it. */
export function runnerOn(connection: Pick<pg.Pool, 'query'>, location: PostgresLocation): Run {
  const isNamed = keepsStatements(location);
  return async <Row extends object>({ name, ...statement }: Statement) => {
    const sent = connection.query<Row>(isNamed ? { name, ...statement } : statement);
    const { rows } = await sent.catch((error) => {
      throw poolerUnknown(error) ?? error;
    });
    return rows;
  };
}

/** Behind a pooler each transaction sets its limits, since the start of a connection can't set them. */
export class PoolerDialect extends PostgresDialect {
  readonly #config;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new PoolerDriver(this.#config);
  }
}

class PoolerDriver extends PostgresDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings,
  ): Promise<void> {
    await super.beginTransaction(connection, settings);
    await connection.executeQuery(SET_LIMITS);
  }
}

const SET_LIMITS = CompiledQuery.raw(
  Object.entries(SERVER_LIMITS)
    .map(([name, ms]) => `set local ${name} = ${ms}`)
    .join('; '),
);
