import { type Request, type Response, Router } from 'express';
import { findKeyBy } from '../../../../db/api-keys/list.ts';
import type { Database } from '../../../../db/database.ts';
import { digestOf, findFault, listSecrets, prefixOf } from '../../../api-keys/secret.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { readForm } from '../../../forms/fields.ts';
import { listingUrl, parseListing, parseSearch } from './listing.ts';
import { type Found, renderTab } from './tab.ts';

/**
 * Searches the keys of a user. The form posts, and a text that contains a key, or more of one than its
 * prefix, is answered here, so that a key pasted into the field never gets into a URL, and from there
 * into logs and histories. Anything else is redirected to the list with `?q=`.
 */
export function search(db: Database): Router {
  return Router()
    .get('/', (req, res) => res.redirect(303, listingUrl(parseListing(req.query))))
    .post('/', findKeys);

  async function findKeys(req: Request, res: Response) {
    const { q } = readForm(req, '/profile/api-keys/search');
    const listing = parseListing(req.query);
    const [secret] = listSecrets(q);
    if (secret !== undefined) {
      const found = await findSecretKey(db, signedInUser(req).id, secret);
      return renderTab(db, req, res, { listing, found });
    }
    const text = parseSearch(q);
    if ('problem' in text) {
      res.status(422);
      return renderTab(db, req, res, { listing, search: { typed: q, problem: text.problem } });
    }
    res.redirect(303, listingUrl({ ...listing, search: text.value, position: { side: 'after' } }));
  }
}

/** The user's key that was pasted, or the one with the same prefix, and a sentence about it. */
async function findSecretKey(db: Database, userId: number, secret: string): Promise<Found> {
  const fault = findFault(secret);
  if (fault === undefined) {
    const key = await findKeyBy(db, userId, { digest: digestOf(secret) });
    if (!key) return { keys: [], text: 'This key is none of yours.', good: false };
    if (key.removed) return { keys: [], text: `Your key ${key.prefix}… was removed.`, good: false };
    if (key.expired) return { keys: [], text: `Your key ${key.prefix}… has expired.`, good: false };
    return { keys: [key], text: 'This is your key:', good: true };
  }
  const alike = await findKeyBy(db, userId, { prefix: prefixOf(secret) });
  if (!alike || alike.removed || alike.expired) return { keys: [], text: fault, good: false };
  return { keys: [alike], text: `${fault} This key of yours begins like it:`, good: false };
}
