import { type Request, type Response, Router } from 'express';
import { findKey } from '../../../../db/api-keys/list.ts';
import { listRemovalFacts } from '../../../../db/api-keys/removal-facts.ts';
import { removeKeys } from '../../../../db/api-keys/remove.ts';
import type { Database } from '../../../../db/database.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { fieldsInQuery, readForm } from '../../../forms/fields.ts';
import { client } from '../../../http/client.ts';
import { notFound } from '../../../http/errors.ts';
import { idParameter } from '../../../http/id.ts';
import { describeBeforeRemoval } from '../../../pages/removal-words.ts';
import { render } from '../../../pages/render.ts';
import { listingQuery, parseListing } from './listing.ts';
import { answerChange, nothingDone } from './outcome.ts';

const FORM = '/profile/api-keys/:id/remove';

export function removal(db: Database): Router {
  return Router({ mergeParams: true }).get('/', confirmRemoval).post('/', remove);

  async function confirmRemoval(req: Request, res: Response) {
    const { id: userId, timeZone } = signedInUser(req);
    const key = await findKey(db, userId, idParameter(req));
    if (!key) throw notFound();
    if (key.removed) return nothingDone(req, res, [key], { 'removed before': 1 });
    const facts = await listRemovalFacts(db, userId, [key.id]);
    render(req, res, 'profile/api-keys/remove', ['Remove an API key', 'My Profile'], {
      key: { ...key, ...describeBeforeRemoval(key, facts.get(key.id), timeZone) },
      leaked: fieldsInQuery(req, FORM).leaked !== '',
      list: listingQuery(parseListing(req.query)),
      timeZone,
    });
  }

  async function remove(req: Request, res: Response) {
    const leaked = readForm(req, FORM).leaked !== '';
    const { id: userId } = signedInUser(req);
    const ids = [idParameter(req)];
    const result = await removeKeys(db, userId, ids, 'Linode Manager', client(req), { leaked });
    await answerChange(db, req, res, result, leaked ? 'leaked' : 'removed');
  }
}
