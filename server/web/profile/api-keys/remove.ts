import { type Request, type Response, Router } from 'express';
import { findKey } from '../../../../db/api-keys/list.ts';
import { removeKey } from '../../../../db/api-keys/remove.ts';
import type { Database } from '../../../../db/database.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { readForm } from '../../../forms/fields.ts';
import { client } from '../../../http/client.ts';
import { notFound } from '../../../http/errors.ts';
import { idParameter } from '../../../http/id.ts';
import { leaveNotice, type NoticeName } from '../../../pages/notices.ts';
import { render } from '../../../pages/render.ts';
import { listingQuery, listingUrl, parseListing } from './listing.ts';

export function removal(db: Database): Router {
  return Router({ mergeParams: true }).get('/', confirmRemoval).post('/', remove);

  async function confirmRemoval(req: Request, res: Response) {
    const user = signedInUser(req);
    const key = await findKey(db, user.id, idParameter(req));
    if (!key) throw notFound();
    if (key.removed) return backToList(req, res, 'key-removed-before', key.id);
    render(req, res, 'profile/api-keys/remove', ['Remove an API key', 'My Profile'], {
      key,
      list: listingQuery(parseListing(req.query)),
      timeZone: user.timeZone,
    });
  }

  async function remove(req: Request, res: Response) {
    readForm(req, 'none');
    const { id } = signedInUser(req);
    const keyId = idParameter(req);
    const outcome = await removeKey(db, id, keyId, 'Linode Manager', client(req));
    if (outcome === 'not found') throw notFound();
    backToList(req, res, outcome === 'removed' ? 'key-removed' : 'key-removed-before', keyId);
  }
}

/** Where the person came from: the list may have many pages. */
function backToList(req: Request, res: Response, notice: NoticeName, keyId: number) {
  leaveNotice(res, notice, [keyId]);
  res.redirect(303, listingUrl(parseListing(req.query)));
}
