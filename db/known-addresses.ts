// The IP addresses from which programs of users sent the right password to the API: each has a separate
// rate limit and reserved places in the password queue. Pages know devices instead: devices.ts.
import { type Expression, sql } from 'kysely';
import type { Database, Transaction } from './database.ts';

/** An address that was not used for this long counts as new. */
export const KNOWN_ADDRESS_DAYS = 90;

/** The address from which a password is sent. */
export interface Address {
  /** `known`: the user's password was right from there; `none`: the request's address is unknown. */
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
            .selectFrom('known_addresses')
            .innerJoin('users', 'users.id', 'known_addresses.user_id')
            .select('user_id')
            .where('network', '=', networkOf(ip))
            .where('last_used_at', '>', daysAgo(KNOWN_ADDRESS_DAYS))
            .where(sql`lower(users.username)`, '=', username.toLowerCase()),
        )
        .$castTo<boolean>()
        .as('isKnown'),
      networksOf(ip).as('networks'),
    ])
    .executeTakeFirstOrThrow();
  return { kind: isKnown ? 'known' : 'new', networks };
}

/** The networks that an address belongs to, as in `Address`. */
export async function listNetworks(db: Database, ip: string | null): Promise<string[]> {
  if (ip === null) return [];
  const { networks } = await db
    .selectNoFrom(networksOf(ip).as('networks'))
    .executeTakeFirstOrThrow();
  return networks;
}

/** Marks an address as known for a user, if this is still the digest of their password. */
export async function rememberAddress(
  db: Database,
  user: { id: number; passwordDigest: string },
  ip: string | null,
): Promise<void> {
  if (ip === null) return;
  await db
    .insertInto('known_addresses')
    .columns(['user_id', 'network'])
    .expression((eb) =>
      eb
        .selectFrom('users')
        .select(['id', networkOf(ip).as('network')])
        .where('id', '=', user.id)
        .where('password_digest', '=', user.passwordDigest)
        // Waits for a concurrent change of password, and then finds another digest.
        .forShare(),
    )
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'network']).doUpdateSet({ last_used_at: sql<Date>`now()` }),
    )
    .execute();
}

/** Forgets all addresses of a user. */
export async function forgetAddresses(trx: Transaction, userId: number): Promise<void> {
  await trx.deleteFrom('known_addresses').where('user_id', '=', userId).execute();
}

/** Deletes addresses that no longer count as known. */
export async function sweepKnownAddresses(db: Database): Promise<void> {
  await db
    .deleteFrom('known_addresses')
    .where('last_used_at', '<=', daysAgo(KNOWN_ADDRESS_DAYS))
    .execute();
}

/**
 * The /32 of an IPv4 address, or the /64 of an IPv6 address, as cidr: devices change the rest of their
 * IPv6 address, sometimes daily.
 */
export function networkOf(ip: string | Expression<string | null>) {
  return sql<string>`network(set_masklen(${ip}::inet,
    case family(${ip}::inet) when 4 then 32 else 64 end))`;
}

function networksOf(ip: string) {
  return sql<string[]>`array(
    select network(set_masklen(${ip}::inet, bits))::text
    from unnest(case family(${ip}::inet) when 4 then array[32] else array[64, 56, 48] end) bits
    order by bits desc)`;
}

function daysAgo(days: number) {
  return sql<Date>`now() - make_interval(days => ${days}::int)`;
}
