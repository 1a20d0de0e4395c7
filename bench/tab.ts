import { sql } from 'kysely';
import { type Database, openDatabase } from '../db/database.ts';
import { Visitor } from '../server/testing/visitor.ts';
import type { Request } from './requests.ts';

export const PAGE = '/profile/api-keys';
const USER = 500;
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Users with 25 keys, with 10,000, and with 20 and 10,000 removed ones. */
const USER_OF_25 = 501;
const USER_OF_10_000 = 502;
const USER_OF_REMOVED = 503;

/** Gives each of these users their keys, which are in use, and some activity. */
export async function furnish(url: string): Promise<void> {
  const db = await openDatabase({ url });
  await addKeys(db, USER_OF_25, 5);
  await addKeys(db, USER_OF_10_000, 9_980);
  await addKeys(db, USER_OF_REMOVED, 10_000);
  await sql`
    update api_keys set removed_at = now() - interval '1 day'
    where user_id = ${USER_OF_REMOVED} and label = 'added'`.execute(db);
  const users = [USER, USER_OF_25, USER_OF_10_000, USER_OF_REMOVED];
  await sql`
    update api_keys set label = 'the key of host ' || id, created_ip = '198.51.100.7',
      created_at = now() - (id % 10000) * interval '1 hour', expires_at = now() + interval '5 months',
      last_used_at = now() - interval '3 days', last_used_ip = '203.0.113.9'
    where user_id = any(${users}::bigint[]) and removed_at is null`.execute(db);
  await sql`
    insert into events (kind, user_id, at, ip, user_agent)
    select 'log in', user_id, now() - n * interval '1 day', '198.51.100.7', ${BROWSER}
    from generate_series(20, 1, -1) n, unnest(${users}::bigint[]) user_id`.execute(db);
  await sql`vacuum analyze`.execute(db);
  await db.destroy();
}

/** In parts, because statements have a time limit. */
async function addKeys(db: Database, user: number, count: number): Promise<void> {
  for (let from = 1; from <= count; from += 2_000) {
    await sql`
      insert into api_keys (user_id, label, prefix, digest, request_id, created_via)
      select ${user}::bigint, 'added', lpad(${user}::text || '0' || n, 16, 'a'),
        sha256((${user}::text || ' ' || n)::bytea), gen_random_uuid(), 'API'
      from generate_series(${from}::int, least(${from} + 1999, ${count})::int) n`.execute(db);
  }
}

/** Requests for the tab in sessions that have just authenticated; valid for ten minutes. */
export async function viewTabs(origin: string) {
  const session = async (user: number) => {
    const visitor = new Visitor(origin);
    await visitor.logIn(`user${String(user).padStart(6, '0')}`);
    await visitor.authenticate();
    return { name: 'Cookie', value: visitor.cookieHeader() };
  };
  const ofMany = await session(USER_OF_10_000);
  return {
    tab: { path: PAGE, header: await session(USER) },
    of25: { path: PAGE, header: await session(USER_OF_25) },
    of10000: { path: PAGE, header: ofMany },
    ofRemoved: { path: PAGE, header: await session(USER_OF_REMOVED) },
    searched: { path: `${PAGE}?q=host+7`, header: ofMany },
    sorted: { path: `${PAGE}?sort=-label`, header: ofMany },
  } satisfies Record<string, Request>;
}
