import { type Expression, sql } from 'kysely';
import type { Database, Transaction } from '../database.ts';
import { type Client, insertEvent } from '../events.ts';
import type { CreatedVia } from '../schema.ts';
import { lockUserById } from '../users.ts';
import { after, type Lifetime } from './expiry.ts';
import { countKeysViaApi } from './list.ts';

/** How many keys created through the API a user may have that have not ended, as in the original. */
export const MAX_KEYS_VIA_API = 20;

export interface NewKey {
  label: string;
  prefix: string;
  digest: Buffer;
  /** Null: never expires. */
  lifetime: Lifetime | null;
  timeZone: string;
  /** A UUID, unique for its owner: a repeated form post creates nothing. */
  requestId: string;
  via: CreatedVia;
}

/** Stores a key, unless its request has created one before, or its owner has as many as allowed. */
export async function insertKey(
  trx: Transaction,
  userId: number,
  key: NewKey,
  from: Client,
): Promise<'created' | 'created before' | 'limit reached'> {
  if (key.via === 'API') {
    // Otherwise requests at the same time could exceed the limit.
    await lockUserById(trx, userId);
    if ((await countKeysViaApi(trx, userId)) >= MAX_KEYS_VIA_API) {
      return 'limit reached';
    }
  }
  const expiresAt = after(sql`now()`, key.lifetime, key.timeZone);
  const id = await storeKey(trx, userId, key, { expiresAt }, from);
  return id === undefined ? 'created before' : 'created';
}

/** Stores a key with its event, and returns its id; undefined if its request has created one before. */
export async function storeKey(
  trx: Transaction,
  userId: number,
  key: Omit<NewKey, 'lifetime' | 'timeZone'>,
  { expiresAt, note = '' }: { expiresAt: Expression<Date | null>; note?: string },
  from: Client,
): Promise<number | undefined> {
  const inserted = await trx
    .insertInto('api_keys')
    .values({
      user_id: userId,
      label: key.label,
      note,
      prefix: key.prefix,
      digest: key.digest,
      request_id: key.requestId,
      created_ip: from.ip,
      created_via: key.via,
      expires_at: expiresAt,
    })
    .onConflict((conflict) => conflict.constraint('api_keys_request_unique').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!inserted) return undefined;
  const details = { label: key.label, prefix: key.prefix };
  await insertEvent(trx, { kind: 'key made', userId, keyId: inserted.id, details, ...from });
  return inserted.id;
}

/** Whether the key that a request has created is the one that it asks for now. */
export async function isSameRequest(
  db: Database,
  userId: number,
  key: Pick<NewKey, 'requestId' | 'label' | 'lifetime' | 'timeZone'>,
): Promise<boolean> {
  const same = await db
    .selectFrom('api_keys')
    .select('id')
    .where('user_id', '=', userId)
    .where('request_id', '=', key.requestId)
    .where('label', '=', key.label)
    .where('expires_at', 'is not distinct from', after(sql`created_at`, key.lifetime, key.timeZone))
    .executeTakeFirst();
  return same !== undefined;
}
