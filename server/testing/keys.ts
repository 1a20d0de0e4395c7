import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';

/**
 * Gives a user many keys with the labels `host 001`, `host 002`, …, each created a minute after the one
 * before it. Their prefixes are `lmk` and the label's number.
 */
export async function addManyKeys(db: Database, username: string, count: number): Promise<void> {
  await sql`
    insert into api_keys (user_id, label, prefix, digest, request_id, created_via, created_at)
    select users.id, 'host ' || lpad(n::text, 3, '0'), 'lmk' || lpad(users.id::text || '0' || n, 13, '0'),
      sha256((users.id || ' ' || n)::bytea), gen_random_uuid(), 'Linode Manager',
      now() - interval '1 day' + n * interval '1 minute'
    from users, generate_series(1, ${count}) n where username = ${username}`.execute(db);
}
