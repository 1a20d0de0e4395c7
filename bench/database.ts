import pg from 'pg';
import { openDatabase } from '../db/database.ts';
import { digestOf, makeSecret, prefixOf } from '../server/api-keys/secret.ts';
import { SHIPPED_PASSWORD_DIGEST } from '../server/testing/users.ts';

export interface Filled {
  url: string;
  /** The number of keys, all active. */
  keys: number;
  /** The secrets of the real keys. */
  secrets: string[];
}

const KEYS_PER_USER = 20;
const MAX_REAL_KEYS = 10_000;

/**
 * Creates a database with this many active keys; each user has as many as the API allows. The real
 * keys lie among fillers, which have a digest but no secret.
 *
 * @param migrate creates the schema in an empty database
 */
export async function fill(
  server: string,
  name: string,
  keys: number,
  migrate: (url: string) => unknown = createSchema,
): Promise<Filled> {
  const url = await makeDatabase(server, name);
  await migrate(url);

  const users = keys / KEYS_PER_USER;
  const secrets = Array.from({ length: Math.min(keys, MAX_REAL_KEYS) }, makeSecret);
  await execute(
    url,
    `insert into users (username, password_digest)
      select 'user' || lpad(n::text, 6, '0'), $1 from generate_series(1, $2::int) n`,
    [SHIPPED_PASSWORD_DIGEST, users],
  );
  await execute(
    url,
    `insert into api_keys (user_id, label, prefix, digest, request_id, created_via)
      select n % $1 + 1, '', prefix, digest, gen_random_uuid(), 'API'
      from (
        select n, prefix, digest
          from unnest($2::text[], $3::bytea[]) with ordinality as real (prefix, digest, n)
        union all
        select n, 'filler' || lpad(n::text, 10, '0'), sha256(n::text::bytea)
          from generate_series(1, $4::int) n
      ) keys
      order by digest`,
    [users, secrets.map(prefixOf), secrets.map(digestOf), keys - secrets.length],
  );
  await settle(url);
  return { url, keys, secrets };
}

async function createSchema(url: string): Promise<void> {
  const db = await openDatabase({ url });
  await db.destroy();
}

/** Creates an empty database on a server, and returns its URL. */
export async function makeDatabase(server: string, name: string): Promise<string> {
  await execute(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = name;
  return url.href;
}

/** Copies the users and keys to better-auth's own tables in the same database. */
export async function fillBetterAuth({ url }: Filled): Promise<void> {
  await execute(
    url,
    `insert into "user" (id, name, email, "emailVerified", "updatedAt")
      select username, username, username || '@example.com', true, now() from users`,
  );
  await execute(
    url,
    `insert into apikey (id, "configId", "referenceId", key, enabled, "rateLimitEnabled",
        "requestCount", "createdAt", "updatedAt")
      select k.id, 'default', username,
        rtrim(translate(encode(digest, 'base64'), '+/', '-_'), '='),
        true, false, 0, now(), now()
      from api_keys k join users u on u.id = k.user_id`,
  );
  await settle(url);
}

/**
 * How many statements have looked for a row of a table, and how many rows they have changed, since
 * it was filled. Connections report this when they end.
 */
export async function countUses(url: string, table: string) {
  const [uses] = await execute(
    url,
    `select seq_scan + idx_scan as statements, n_tup_upd as writes
      from pg_stat_user_tables where relname = $1`,
    [table],
  );
  return { statements: Number(uses.statements), writes: Number(uses.writes) };
}

/** Leaves PostgreSQL no background work during the measurement. */
async function settle(url: string): Promise<void> {
  await execute(url, 'vacuum analyze');
  await execute(url, 'checkpoint');
}

async function execute(url: string, sql: string, values?: unknown[]) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
