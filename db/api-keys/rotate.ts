import { sql } from 'kysely';
import type { Transaction } from '../database.ts';
import { type Client, insertEvent } from '../events.ts';
import { type KeysNotFound, type LockedKey, lockKeys, type Refused } from './change.ts';
import { storeKey } from './create.ts';
import type { BadExpiry } from './edit.ts';
import { type NewExpiry, resolveExpiry } from './expiry.ts';
import { removeLocked } from './remove.ts';
import { isNeverUsed } from './state.ts';
import { refusalOf, rotations } from './transitions.ts';

/** How many hours both keys work, from the first use of the new one on; 0: the old one is removed at once. */
export const overlapHours = [0, 1, 24, 168] as const;
export type Overlap = (typeof overlapHours)[number] | 'until removed';
export const DEFAULT_OVERLAP: Overlap = 24;

export interface Rotation {
  prefix: string;
  digest: Buffer;
  /** A UUID, unique for its owner: a repeated form post creates nothing. */
  requestId: string;
  overlap: Overlap;
  /** `same`: the lifetime of the key, from its creation to its expiry, counted from now on. */
  expiry: NewExpiry | 'same';
  timeZone: string;
}

export type Rotated =
  /** `oldId` is the key that the new one replaces. */
  | { outcome: 'created'; id: number; oldId: number }
  | { outcome: 'created before' }
  | { outcome: 'successor used'; successorId: number }
  | BadExpiry
  | KeysNotFound
  | Refused;

/**
 * Stores a successor of a key, with the same label and note. A successor that was never used is removed,
 * and this one takes its place; so to rotate an unused successor is to rotate the key that it replaces.
 */
export async function rotateKey(
  trx: Transaction,
  userId: number,
  id: number,
  rotation: Rotation,
  from: Client,
): Promise<Rotated> {
  const asked = await lockForRotation(trx, userId, id);
  if (!asked) return { outcome: 'not found' };
  if (await isCreated(trx, userId, rotation.requestId)) return { outcome: 'created before' };
  const refusal = refusalOf('rotate', asked.key.stage);
  if (refusal) return { outcome: 'refused', refusal };
  const { old, successor } = asked;
  if (successor && rotations[successor.isUsed ? 'used' : 'unused'] !== 'ok') {
    return { outcome: 'successor used', successorId: successor.id };
  }
  const expires =
    rotation.expiry === 'same'
      ? { value: sameLife(id) }
      : await resolveExpiry(trx, rotation.expiry, rotation.timeZone);
  if ('problem' in expires) return { outcome: 'bad expiry', problem: expires.problem };

  const { prefix, digest, requestId, overlap } = rotation;
  const newId = await storeKey(
    trx,
    userId,
    { label: asked.key.label, prefix, digest, requestId, via: 'Linode Manager' },
    { expiresAt: expires.value, note: asked.key.note },
    from,
  );
  if (newId === undefined) return { outcome: 'created before' };
  const hours = overlap === 'until removed' ? null : overlap;
  const details = { label: old.label, prefix: old.prefix, successor: prefix, overlapHours: hours };
  await insertEvent(trx, { kind: 'key rotated', userId, keyId: old.id, details, ...from });
  if (successor) await removeLocked(trx, userId, successor, from);
  if (overlap === 0) await removeLocked(trx, userId, old, from);
  await trx.updateTable('api_keys').set({ replaced_at: null }).where('id', '=', old.id).execute();
  await trx
    .updateTable('api_keys')
    .set({ replaces_id: old.id, overlap_hours: hours })
    .where('id', '=', newId)
    .execute();
  return { outcome: 'created', id: newId, oldId: old.id };
}

interface Locked {
  /** The key of the request. */
  key: LockedKey & { note: string };
  /** The key to replace: `key`, or the key that `key` replaces. */
  old: LockedKey;
  /** The key that replaces `old` until now. */
  successor: (LockedKey & { isUsed: boolean }) | undefined;
}

/** Locks all keys that a rotation concerns; undefined if the key isn't the user's. */
async function lockForRotation(
  trx: Transaction,
  userId: number,
  id: number,
): Promise<Locked | undefined> {
  const replacedId = (await findLinks(trx, userId, id))?.replacesId;
  const locked = await lockKeys(trx, userId, [id, ...(replacedId ? [replacedId] : [])]);
  const [key, links] = [locked.find((one) => one.id === id), await findLinks(trx, userId, id)];
  if (!key || !links) return undefined;
  const asked = { ...key, note: links.note };
  const replaced = locked.find((one) => one.id === links.replacesId);
  if (replaced && !links.isUsed && refusalOf('rotate', replaced.stage) === undefined) {
    return { key: asked, old: replaced, successor: { ...key, isUsed: false } };
  }
  return { key: asked, old: key, successor: await lockSuccessor(trx, userId, id) };
}

function findLinks(trx: Transaction, userId: number, id: number) {
  return trx
    .selectFrom('api_keys')
    .select([
      'note',
      'replaces_id as replacesId',
      sql<boolean>`not ${isNeverUsed('api_keys')}`.as('isUsed'),
    ])
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** A successor is always newer, so that keys are locked in the order of their ids. */
async function lockSuccessor(trx: Transaction, userId: number, id: number) {
  const successor = await trx
    .selectFrom('api_keys')
    .select('id')
    .where('user_id', '=', userId)
    .where('replaces_id', '=', id)
    .where('removed_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!successor) return undefined;
  const [key] = await lockKeys(trx, userId, [successor.id]);
  const links = await findLinks(trx, userId, successor.id);
  return key && links && { ...key, isUsed: links.isUsed };
}

async function isCreated(trx: Transaction, userId: number, requestId: string): Promise<boolean> {
  const created = await trx
    .selectFrom('api_keys')
    .select('id')
    .where('user_id', '=', userId)
    .where('request_id', '=', requestId)
    .executeTakeFirst();
  return created !== undefined;
}

/** Now and the lifetime of a key, from its creation to its expiry; null if it never expires. */
function sameLife(id: number) {
  return sql<Date | null>`(select now() + (expires_at - created_at) from api_keys where id = ${id})`;
}
