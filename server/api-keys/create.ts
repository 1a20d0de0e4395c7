import { insertKey, isSameRequest, type NewKey } from '../../db/api-keys/create.ts';
import type { Database } from '../../db/database.ts';
import type { Client } from '../../db/events.ts';
import { changeSeenByChecks } from '../../db/seen-by-checks.ts';
import { lockUser } from '../../db/users.ts';
import { digestOf, makeSecret, prefixOf } from './secret.ts';

interface Owner {
  id: number;
  /** Where the owner gave their password for this: no key is created if the password has changed. */
  passwordDigest?: string;
}

/** The request for a key; its label as parseLabel returns it. */
type KeyRequest = Omit<NewKey, 'prefix' | 'digest'>;

export type Created =
  | { outcome: 'created'; secret: string }
  /** @param isSame whether that key is what this request asks for. */
  | { outcome: 'created before'; isSame: boolean }
  | { outcome: 'limit reached' }
  /** The owner was disabled, or their password changed, since the password was checked. */
  | { outcome: 'owner changed' };

/** Creates a key and its secret, and stores its digest and its event in one transaction. */
export async function createKey(
  db: Database,
  owner: Owner,
  request: KeyRequest,
  from: Client,
): Promise<Created> {
  const secret = makeSecret();
  const key = { ...request, prefix: prefixOf(secret), digest: digestOf(secret) };
  return changeSeenByChecks(db, async (trx) => {
    const { id, passwordDigest } = owner;
    if (passwordDigest !== undefined && !(await lockUser(trx, id, passwordDigest))) {
      return { outcome: 'owner changed' };
    }
    const outcome = await insertKey(trx, id, key, from);
    if (outcome === 'created') return { outcome, secret };
    if (outcome === 'limit reached') return { outcome };
    return { outcome, isSame: await isSameRequest(trx, id, request) };
  });
}
