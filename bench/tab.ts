import { sql } from 'kysely';
import { openDatabase } from '../db/database.ts';
import { Visitor } from '../server/testing/visitor.ts';
import type { Request } from './requests.ts';

export const PAGE = '/profile/api-keys';
const USER = 500;
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Gives the tab's user 20 used keys and some activity. */
export async function furnish(url: string): Promise<void> {
  const db = await openDatabase({ url });
  await sql`
    update api_keys set label = 'the key of host ' || id, created_ip = '198.51.100.7',
      created_at = now() - id * interval '1 hour', expires_at = now() + interval '5 months',
      last_used_at = now() - interval '3 days', last_used_ip = '203.0.113.9'
    where user_id = ${USER}`.execute(db);
  await sql`
    insert into events (kind, user_id, at, ip, user_agent)
    select 'log in', ${USER}, now() - n * interval '1 day', '198.51.100.7', ${BROWSER}
    from generate_series(20, 1, -1) n`.execute(db);
  await db.destroy();
}

/** A request for the tab by its user, just authenticated; valid for ten minutes. */
export async function viewTab(origin: string): Promise<Request> {
  const visitor = new Visitor(origin);
  await visitor.logIn('user000500');
  await visitor.authenticate();
  return { path: PAGE, header: { name: 'Cookie', value: visitor.cookieHeader() } };
}
