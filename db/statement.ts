import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely';
import { type Database, runnerOf } from './database.ts';
import type { Schema } from './schema.ts';

/** A placeholder in a statement for a value that is given each time the statement runs. */
export type Value<Values> = <Name extends keyof Values & string>(
  name: Name,
) => RawBuilder<Values[Name]>;

/** A value, or its placeholder. */
export type Given<T> = T | RawBuilder<T>;

/**
 * A statement that is built once, since that takes Kysely longer than running it; and planned once for
 * each connection, since PostgreSQL keeps the plan under a name. For what every view of a page reads.
 *
 * @param name a unique one
 * @param plan `once`: for any values. `each time`: where a plan that is right for most users would read all
 *   rows of one who has thousands.
 */
export function statement<Values extends object, Row extends object>(
  name: string,
  build: (db: Database, value: Value<Values>) => CompiledQuery<Row>,
  { plan = 'once' }: { plan?: 'once' | 'each time' } = {},
): (db: Database, values: Values) => Promise<Row[]> {
  let built: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    built ??= buildOnce();
    const given = new Map<string, unknown>(Object.entries(values));
    const parameters = built.parameters.map(
      (parameter) => parameter instanceof Parameter && given.get(parameter.name),
    );
    const run = runnerOf(db);
    const sent = { text: built.sql, values: parameters };
    if (run) return run<Row>(plan === 'once' ? { name, ...sent } : sent);
    const { rows } = await db.executeQuery<Row>({ ...built, parameters });
    return rows;
  };

  function buildOnce(): CompiledQuery<Row> {
    const query = build(builder, (parameter) => sql`${new Parameter(parameter)}`);
    const constants = query.parameters.filter((parameter) => !(parameter instanceof Parameter));
    // A plan that is kept is made without knowing them.
    if (constants.length > 0) throw new Error(`"${name}" needs literals for: ${constants}`);
    return query;
  }
}

/** Builds statements, and runs none. */
const builder = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

class Parameter {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
