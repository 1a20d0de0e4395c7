import { type Request, type Response, Router } from 'express';
import { listKeysById } from '../../../../db/api-keys/list.ts';
import { listRemovalFacts } from '../../../../db/api-keys/removal-facts.ts';
import { removeKeys } from '../../../../db/api-keys/remove.ts';
import type { Database } from '../../../../db/database.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { client } from '../../../http/client.ts';
import { notFound } from '../../../http/errors.ts';
import { describeBeforeRemoval } from '../../../pages/removal-words.ts';
import { render } from '../../../pages/render.ts';
import { listingQuery, parseListing } from './listing.ts';
import { answerChange, backToList, nothingDone } from './outcome.ts';
import { selectedInForm, selectedInQuery } from './selection.ts';

/** Removes the keys that are selected in the list: the fields `key-<id>`. */
export function removalOfSelected(db: Database): Router {
  return Router().get('/', confirmRemoval).post('/', remove);

  async function confirmRemoval(req: Request, res: Response) {
    const { id: userId, timeZone } = signedInUser(req);
    const ids = selectedInQuery(req);
    if (ids.length === 0) return backToList(req, res, 'no-keys-selected');
    const keys = await listKeysById(db, userId, ids);
    if (keys.length < ids.length) throw notFound();
    const remaining = keys.filter(({ removed }) => !removed);
    if (remaining.length === 0) {
      return nothingDone(req, res, keys, { 'removed before': keys.length });
    }
    const facts = await listRemovalFacts(db, userId, ids);
    render(req, res, 'profile/api-keys/remove-selected', ['Remove API keys', 'My Profile'], {
      keys: remaining.map((key) => ({
        ...key,
        ...describeBeforeRemoval(key, facts.get(key.id), timeZone),
      })),
      leaked: req.query.leaked !== undefined,
      list: listingQuery(parseListing(req.query)),
      timeZone,
    });
  }

  async function remove(req: Request, res: Response) {
    const ids = selectedInForm(req, ['leaked']);
    if (ids.length === 0) return backToList(req, res, 'no-keys-selected');
    const { id: userId } = signedInUser(req);
    const leaked = req.body.leaked !== undefined;
    const result = await removeKeys(db, userId, ids, 'Linode Manager', client(req), { leaked });
    await answerChange(db, req, res, result, leaked ? 'leaked' : 'removed');
  }
}
