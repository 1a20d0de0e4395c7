import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { statement, type Value } from '../statement.ts';
import type { RelatedKey } from './details.ts';
import { isSuccessor, keyStage, latestSuccessorFirst } from './state.ts';

/** A key of a rotation, as its row and its page describe it. */
export type RotationKey = Omit<RelatedKey, 'label' | 'overlap'>;

/** A key that replaces another one, or that has a successor. */
export interface Rotation {
  key: RotationKey;
  predecessor: RotationKey | null;
  successor: RotationKey | null;
}

/** Those of a user's keys that belong to a rotation. */
export async function listRotations(
  db: Database,
  userId: number,
  ids: number[],
): Promise<Rotation[]> {
  const pairs = await listPairs(db, { userId, ids });
  if (pairs.length === 0) return [];
  const keys = await listRotationKeys(db, {
    userId,
    ids: pairs.flatMap(({ newId, oldId }) => [newId, oldId]),
  });
  const find = (id: number | undefined) => keys.find((key) => key.id === id) ?? null;
  return keys.flatMap((key) => {
    if (!ids.includes(key.id)) return [];
    const predecessor = find(pairs.find(({ newId }) => newId === key.id)?.oldId);
    const successor = find(pairs.find(({ oldId }) => oldId === key.id)?.newId);
    return [{ key, predecessor, successor }];
  });
}

const listPairs = statement(
  'list rotations',
  (db, value: Value<{ userId: number; ids: number[] }>) =>
    sql<{ newId: number; oldId: number }>`
      select id as "newId", replaces_id as "oldId" from api_keys
      where user_id = ${value('userId')} and id = any(${value('ids')}::bigint[])
        and replaces_id is not null
      union
      select id, replaces_id from (
        select distinct on (replaces_id) id, replaces_id from api_keys
        where user_id = ${value('userId')} and replaces_id = any(${value('ids')}::bigint[])
          and ${isSuccessor('api_keys')}
        order by replaces_id, ${latestSuccessorFirst('api_keys')}
      ) successors`.compile(db),
);

const listRotationKeys = statement(
  'list keys of rotations',
  (db, value: Value<{ userId: number; ids: number[] }>) =>
    db
      .selectFrom('api_keys')
      .select([
        'id',
        'prefix',
        keyStage('api_keys').as('stage'),
        'expires_at as expiresAt',
        'last_used_at as lastUsedAt',
        'replaced_at as replacedAt',
      ])
      .where('user_id', '=', value('userId'))
      .where(sql<boolean>`id = any(${value('ids')}::bigint[])`)
      .compile(),
);
