// The addresses that use a key: IPv4 addresses, and the /64 of IPv6 addresses.
import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { networkOf } from '../known-addresses.ts';

/** How many addresses of a key are kept, at most: those that were used last. */
export const MAX_KEY_ADDRESSES = 20;
/** How long an address is kept after its last use. */
export const KEY_ADDRESS_DAYS = 30;
/** How long after a recorded use from an address the next one is recorded. */
export const KEY_ADDRESS_MINUTES = 10;

export interface KeyAddress {
  /** An IPv4 address, or the /64 of an IPv6 address, as CIDR. */
  network: string;
  /** To within KEY_ADDRESS_MINUTES. */
  lastUsedAt: Date;
}

/** A key that was used from an address. */
export interface KeyAddressUse {
  keyId: number;
  ip: string;
}

/** Records the addresses of uses in one statement, and deletes those over MAX_KEY_ADDRESSES in another. */
export async function recordKeyAddresses(db: Database, uses: KeyAddressUse[]): Promise<void> {
  const ids = uses.map((use) => use.keyId);
  const ips = uses.map((use) => use.ip);
  // In order, so that two processes that write at once don't wait for each other.
  const { rows } = await sql<{ keyId: number }>`
    insert into key_addresses (key_id, network)
    select distinct api_keys.id, ${networkOf(sql`used.ip`)}
    from unnest(${ids}::bigint[], ${ips}::inet[]) as used (id, ip)
      join api_keys on api_keys.id = used.id
    order by 1, 2
    on conflict (key_id, network) do update set last_used_at = now()
      where key_addresses.last_used_at
        <= now() - make_interval(mins => ${sql.lit(KEY_ADDRESS_MINUTES)})
    returning key_id as "keyId"`.execute(db);
  if (rows.length === 0) return;
  await sql`
    delete from key_addresses where (key_id, network) in (
      select kept.key_id, kept.network
      from key_addresses kept
        join (
          select key_id, network,
            row_number() over (partition by key_id order by last_used_at desc, network) as place
          from key_addresses
          where key_id = any(${rows.map(({ keyId }) => keyId)}::bigint[])
        ) placed on placed.key_id = kept.key_id and placed.network = kept.network
      where placed.place > ${sql.lit(MAX_KEY_ADDRESSES)}
      for update of kept skip locked)`.execute(db);
}

/** The addresses that used a key lately, the latest first. */
export function listKeyAddresses(db: Database, keyId: number): Promise<KeyAddress[]> {
  return db
    .selectFrom('key_addresses')
    .select(['network', 'last_used_at as lastUsedAt'])
    .where('key_id', '=', keyId)
    .where('last_used_at', '>', oldest)
    .orderBy('last_used_at', 'desc')
    .orderBy('network')
    .limit(MAX_KEY_ADDRESSES)
    .execute();
}

/** Deletes the addresses that were not used for KEY_ADDRESS_DAYS. */
export async function sweepKeyAddresses(db: Database): Promise<void> {
  await db.deleteFrom('key_addresses').where('last_used_at', '<=', oldest).execute();
}

const oldest = sql<Date>`now() - make_interval(days => ${sql.lit(KEY_ADDRESS_DAYS)})`;
