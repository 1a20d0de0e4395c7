import {
  type Rotated,
  type Rotation,
  rotateKey as storeSuccessor,
} from '../../db/api-keys/rotate.ts';
import type { Database } from '../../db/database.ts';
import type { Client } from '../../db/events.ts';
import { changeSeenByChecks } from '../../db/seen-by-checks.ts';
import { digestOf, makeSecret, prefixOf } from './secret.ts';

/** The request for a successor of a key. */
type RotationRequest = Omit<Rotation, 'prefix' | 'digest'>;

type RotatedKey =
  | Exclude<Rotated, { outcome: 'created' }>
  | (Extract<Rotated, { outcome: 'created' }> & { secret: string });

/** Creates the successor of a key and its secret, and stores its digest and events in one transaction. */
export async function rotateKey(
  db: Database,
  userId: number,
  id: number,
  request: RotationRequest,
  from: Client,
): Promise<RotatedKey> {
  const secret = makeSecret();
  const rotation = { ...request, prefix: prefixOf(secret), digest: digestOf(secret) };
  const rotated = await changeSeenByChecks(db, (trx) =>
    storeSuccessor(trx, userId, id, rotation, from),
  );
  return rotated.outcome === 'created' ? { ...rotated, secret } : rotated;
}
