import { sql } from 'kysely';
import type { Database } from './database.ts';

/** What is known of the address from which a password is sent. */
export interface Address {
  /** Whether the user has logged in from it; `none` where the request's address is unknown. */
  kind: 'known' | 'new' | 'none';
  /** The networks that it belongs to, as CIDR: its /32, or of IPv6 its /64, /56 and /48. */
  networks: string[];
}

/** Looks up an address for a user name, which may be unknown. */
export async function lookUpAddress(
  db: Database,
  username: string,
  ip: string | null,
): Promise<Address> {
  if (ip === null) return { kind: 'none', networks: [] };
  const { isKnown, networks } = await db
    .selectNoFrom((eb) => [
      eb
        .exists(
          eb
            .selectFrom('events')
            .innerJoin('users', 'users.id', 'events.user_id')
            .select('events.id')
            // As it stands in the index for this, so that a plan for any parameter can use it too.
            .where('events.kind', '=', sql.lit('log in' as const))
            .where('events.ip', '=', ip)
            .where(sql`lower(users.username)`, '=', username.toLowerCase()),
        )
        .$castTo<boolean>()
        .as('isKnown'),
      sql<string[]>`array(
        select network(set_masklen(${ip}::inet, bits))::text
        from unnest(case family(${ip}::inet) when 4 then array[32] else array[64, 56, 48] end) bits
        order by bits desc)`.as('networks'),
    ])
    .executeTakeFirstOrThrow();
  return { kind: isKnown ? 'known' : 'new', networks };
}
