import { createHash, randomUUID } from 'node:crypto';
import { insertKey, type NewKey } from '../api-keys/create.ts';
import { removeKeys } from '../api-keys/remove.ts';
import { type Rotation, rotateKey } from '../api-keys/rotate.ts';
import type { Database } from '../database.ts';
import type { Client } from '../events.ts';
import type { RemovedVia } from '../schema.ts';
import { insertUser } from '../users.ts';

export const client: Client = { ip: '203.0.113.7', userAgent: 'test' };

/** Adds a user who can't log in, and returns their id. */
export async function addUser(db: Database, username: string): Promise<number> {
  const id = await insertUser(db, { username, passwordDigest: '' });
  if (id === undefined) throw new Error(`${username} was not added.`);
  return id;
}

let serial = 0;

/** A unique key that never expires; its digest is the SHA-256 of its prefix. */
export function newKey(changes: Partial<NewKey> = {}): NewKey {
  const prefix = String(++serial).padStart(16, '0');
  return {
    label: 'a label',
    prefix,
    digest: createHash('sha256').update(prefix).digest(),
    lifetime: null,
    timeZone: 'UTC',
    requestId: randomUUID(),
    via: 'Linode Manager',
    ...changes,
  };
}

export async function insert(db: Database, owner: number, key: NewKey) {
  return db.transaction().execute((trx) => insertKey(trx, owner, key, client));
}

/** Inserts a key and returns its id. */
export async function addKey(db: Database, owner: number, key = newKey()): Promise<number> {
  const outcome = await insert(db, owner, key);
  if (outcome !== 'created') throw new Error(`The key was not added: ${outcome}.`);
  const { id } = await db
    .selectFrom('api_keys')
    .select('id')
    .where('prefix', '=', key.prefix)
    .executeTakeFirstOrThrow();
  return id;
}

/** Rotates a key, with an overlap of 24 hours and the same lifetime unless `changes` says otherwise. */
export function rotate(db: Database, owner: number, id: number, changes: Partial<Rotation> = {}) {
  const { prefix, digest, requestId, timeZone } = newKey();
  const rotation: Rotation = {
    ...{ prefix, digest, requestId, timeZone },
    ...{ overlap: 24, expiry: 'same', ...changes },
  };
  return db.transaction().execute((trx) => rotateKey(trx, owner, id, rotation, client));
}

/** Removes one key. */
export async function removeKey(
  db: Database,
  owner: number,
  id: number,
  via: RemovedVia,
): Promise<'removed' | 'removed before' | 'not found'> {
  const result = await removeKeys(db, owner, [id], via, client);
  if (result.outcome === 'not found') return result.outcome;
  return result.changed.length === 1 ? 'removed' : 'removed before';
}
