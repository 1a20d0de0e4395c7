import pg from 'pg';
import { openDatabase } from '../db/database.ts';
import { digestOf, makeSecret, prefixOf } from '../server/api-keys/secret.ts';
import { SHIPPED_PASSWORD_DIGEST } from '../server/testing/users.ts';

export interface Filled {
  url: string;
  /** Real keys, all of them good. */
  secrets: string[];
}

const KEYS_OF_A_USER = 20;
const MOST_REAL_KEYS = 10_000;

/**
 * Makes a database with so many keys, all active and each user with as many as they may have. The
 * real ones lie among fillers, of which there is a digest but no key.
 */
export async function fill(server: string, name: string, keys: number): Promise<Filled> {
  const url = await makeDatabase(server, name);
  const db = await openDatabase({ url });
  await db.destroy();

  const users = keys / KEYS_OF_A_USER;
  const secrets = Array.from({ length: Math.min(keys, MOST_REAL_KEYS) }, makeSecret);
  await execute(
    url,
    `insert into users (username, password_digest)
      select 'user' || lpad(n::text, 6, '0'), $1 from generate_series(1, $2::int) n`,
    [SHIPPED_PASSWORD_DIGEST, users],
  );
  // Who logged in from an address before is not counted among the strangers there.
  await execute(
    url,
    `insert into events (kind, user_id, ip, user_agent)
      select 'log in', id, '127.0.0.1', '' from users`,
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
  return { url, secrets };
}

/** An empty database on a server, and the URL that leads to it. */
export async function makeDatabase(server: string, name: string): Promise<string> {
  await execute(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = name;
  return url.href;
}

/** The same users and keys in the tables that better-auth has made for itself beside ours. */
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
 * it was filled. Connections tell it as they end.
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

/** Nothing left for PostgreSQL to do in the background while we measure. */
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
