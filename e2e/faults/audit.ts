import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';

/** How many keys there are, and how many of them are incomplete or lack an event. */
export async function auditKeys(db: Database): Promise<{ keys: number; broken: number }> {
  const { rows } = await sql<{ keys: number; broken: number }>`
    with recorded as (
      select key_id,
        count(*) filter (where kind = 'key made') as created,
        count(*) filter (where kind = 'key removed')
          - count(*) filter (where kind = 'key restored') as removed,
        count(*) filter (where kind = 'key paused')
          - count(*) filter (where kind = 'key resumed') as paused
      from events group by key_id
    )
    select count(*) as keys, count(*) filter (
      where octet_length(digest) is distinct from 32
        or length(prefix) <> 16
        or recorded.created is distinct from 1
        or recorded.removed <> case when removed_at is null then 0 else 1 end
        or recorded.paused <> case when paused_until is null then 0 else 1 end
        or (select count(*) from events rotated where rotated.kind = 'key rotated'
          and rotated.key_id = api_keys.replaces_id
          and rotated.details ->> 'successor' = api_keys.prefix)
          <> case when replaces_id is null then 0 else 1 end
    ) as broken
    from api_keys left join recorded on recorded.key_id = api_keys.id`.execute(db);
  return rows[0] ?? { keys: 0, broken: 0 };
}
