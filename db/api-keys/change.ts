// What every change of existing keys has in common: ownership and the stage of the key are conditions of
// one UPDATE, and each key that it changes has an event in the same transaction.
import { sql, type UpdateObject } from 'kysely';
import type { Database, Transaction } from '../database.ts';
import type { EventDetails, EventKind } from '../event-kinds.ts';
import { type Client, insertEvent } from '../events.ts';
import type { Schema } from '../schema.ts';
import { changeSeenByChecks } from '../seen-by-checks.ts';
import { type KeyStage, keyStage } from './state.ts';
import { type ActionRefusal, isPossible, type KeyAction, refusalOf } from './transitions.ts';

/** A key before a change. */
export interface LockedKey {
  id: number;
  label: string;
  prefix: string;
  stage: KeyStage;
}

/** Which of several keys were changed, and why others weren't. */
export interface ChangedKeys {
  outcome: 'done';
  changed: LockedKey[];
  unchanged: (LockedKey & { refusal: ActionRefusal })[];
}

/** Not all of the keys are the user's: nothing was done. */
export interface KeysNotFound {
  outcome: 'not found';
}

/** Nothing was done. */
export interface Refused {
  outcome: 'refused';
  refusal: ActionRefusal;
}

interface Change {
  action: KeyAction;
  set: UpdateObject<Schema, 'api_keys', 'api_keys'>;
  event(key: LockedKey): { kind: EventKind; details?: EventDetails };
}

/** Changes those of a user's keys for which the action is possible. */
export async function changeKeys(
  db: Database,
  userId: number,
  ids: number[],
  change: Change,
  from: Client,
): Promise<ChangedKeys | KeysNotFound> {
  return changeSeenByChecks(db, async (trx) => {
    const keys = await lockKeys(trx, userId, ids);
    if (keys.length < new Set(ids).size) return { outcome: 'not found' };
    return { outcome: 'done', ...(await changeLocked(trx, userId, keys, change, from)) };
  });
}

/** Changes those of a user's keys for which the action is possible. */
export async function changeLocked(
  trx: Transaction,
  userId: number,
  keys: LockedKey[],
  { action, set, event }: Change,
  from: Client,
): Promise<Omit<ChangedKeys, 'outcome'>> {
  const rows = await trx
    .updateTable('api_keys')
    .set(set)
    .where('user_id', '=', userId)
    .where(hasId(keys.map(({ id }) => id)))
    .where(isPossible(action, 'api_keys'))
    .returning('id')
    .execute();
  const ids = new Set(rows.map(({ id }) => id));
  const changed = keys.filter(({ id }) => ids.has(id));
  for (const key of changed) {
    const { kind, details } = event(key);
    await insertEvent(trx, {
      kind,
      userId,
      keyId: key.id,
      details: { label: key.label, prefix: key.prefix, ...details },
      ...from,
    });
  }
  const unchanged = keys.flatMap((key) => {
    const refusal = refusalOf(action, key.stage);
    return refusal ? [{ ...key, refusal }] : [];
  });
  return { changed, unchanged };
}

/**
 * Those of these keys that are the user's, locked until the end of the transaction: in the order of their
 * ids, so that two changes can't wait for each other.
 */
export function lockKeys(trx: Transaction, userId: number, ids: number[]): Promise<LockedKey[]> {
  return trx
    .selectFrom('api_keys')
    .select(['id', 'label', 'prefix', keyStage('api_keys').as('stage')])
    .where('user_id', '=', userId)
    .where(hasId(ids))
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
}

/** Whether a key is one of these, which may be none. */
export function hasId(ids: number[]) {
  return sql<boolean>`id = any(${ids}::bigint[])`;
}
