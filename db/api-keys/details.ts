import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { RemovedVia } from '../schema.ts';
import { type KeyAddress, listKeyAddresses } from './addresses.ts';
import { removedIp } from './ended.ts';
import { type ApiKey, selectKeys } from './list.ts';
import type { Overlap } from './rotate.ts';
import {
  isSuccessor,
  type KeyStage,
  keyStage,
  latestSuccessorFirst,
  undoableUntil,
} from './state.ts';
import { refusalOf } from './transitions.ts';

/** A key with everything that its own page shows. */
export interface KeyDetails extends ApiKey {
  note: string;
  stage: KeyStage;
  removedAt: Date | null;
  removedVia: RemovedVia | null;
  /** From where it was removed through the API; null if that is unknown, and for others. */
  removedIp: string | null;
  /** Until when its removal can be undone; null if it can't. */
  undoableUntil: Date | null;
  /** The latest first. */
  addresses: KeyAddress[];
  /** The key that it replaces; null if it replaces none, or that one is no longer known. */
  predecessor: RelatedKey | null;
  /** The key that replaces it; a removed one only if it was never used and there is no other. */
  successor: RelatedKey | null;
  /** How long its predecessor works after the first use of this key; null if it replaces none. */
  overlap: Overlap | null;
  /** When its successor was first used; null: not yet. */
  replacedAt: Date | null;
}

/** The other key of a rotation. */
export interface RelatedKey {
  id: number;
  prefix: string;
  label: string;
  stage: KeyStage;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  replacedAt: Date | null;
  overlap: Overlap | null;
}

/** The successor of a key, unless it was removed. */
export function remainingSuccessor({ successor }: KeyDetails): RelatedKey | null {
  return successor && !refusalOf('remove', successor.stage) ? successor : null;
}

/** A user's key with its details, also a removed one; undefined if the user has no such key. */
export async function findKeyDetails(
  db: Database,
  userId: number,
  id: number,
): Promise<KeyDetails | undefined> {
  const found = await selectKeys(db, userId, { removed: true })
    .select([
      'note',
      'removed_at as removedAt',
      'removed_via as removedVia',
      removedIp('api_keys').as('removedIp'),
      'replaces_id as replacesId',
      'replaced_at as replacedAt',
      keyStage('api_keys').as('stage'),
      undoableUntil('api_keys').as('undoableUntil'),
      overlap.as('overlap'),
    ])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!found) return undefined;
  const { replacesId, ...key } = found;
  const predecessor =
    replacesId !== null &&
    (await selectRelated(db, userId).where('id', '=', replacesId).executeTakeFirst());
  const successor = await selectRelated(db, userId)
    .where('replaces_id', '=', id)
    .where(isSuccessor('api_keys'))
    .orderBy(latestSuccessorFirst('api_keys'))
    .limit(1)
    .executeTakeFirst();
  const addresses = await listKeyAddresses(db, id);
  return { ...key, addresses, predecessor: predecessor || null, successor: successor ?? null };
}

function selectRelated(db: Database, userId: number) {
  return db
    .selectFrom('api_keys')
    .select([
      'id',
      'prefix',
      'label',
      keyStage('api_keys').as('stage'),
      'expires_at as expiresAt',
      'last_used_at as lastUsedAt',
      'replaced_at as replacedAt',
      overlap.as('overlap'),
    ])
    .where('user_id', '=', userId);
}

const overlap = sql<Overlap | null>`case when replaces_id is not null
  then coalesce(to_jsonb(overlap_hours), '"until removed"') end`;
