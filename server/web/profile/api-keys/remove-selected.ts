import { type Request, type Response, Router } from 'express';
import { listKeysById } from '../../../../db/api-keys/list.ts';
import { KEYS_PER_PAGE } from '../../../../db/api-keys/pages.ts';
import { removeKeys } from '../../../../db/api-keys/remove.ts';
import type { Database } from '../../../../db/database.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { client } from '../../../http/client.ts';
import { HttpError, notFound } from '../../../http/errors.ts';
import { leaveNotice, type NoticeName } from '../../../pages/notices.ts';
import { render } from '../../../pages/render.ts';
import { type Listing, listingQuery, listingUrl, parseListing } from './listing.ts';

/** Removes the keys that are selected in the list: the fields `key-<id>`. */
export function removalOfSelected(db: Database): Router {
  return Router().get('/', confirmRemoval).post('/', remove);

  async function confirmRemoval(req: Request, res: Response) {
    const { id: userId, timeZone } = signedInUser(req);
    const ids = selectedIds(Object.keys(req.query).filter((name) => name.startsWith('key-')));
    const listing = parseListing(req.query);
    if (ids.length === 0) return backToList(res, listing, 'no-keys-selected');
    const keys = await listKeysById(db, userId, ids);
    if (keys.length < ids.length) throw notFound();
    const remaining = keys.filter(({ removed }) => !removed);
    if (remaining.length === 0) return backToList(res, listing, 'keys-removed-before', ids);
    render(req, res, 'profile/api-keys/remove-selected', ['Remove API keys', 'My Profile'], {
      keys: remaining,
      list: listingQuery(listing),
      timeZone,
    });
  }

  async function remove(req: Request, res: Response) {
    const ids = selectedIds(Object.keys(req.body ?? {}).filter((name) => name !== '_csrf'));
    const listing = parseListing(req.query);
    if (ids.length === 0) return backToList(res, listing, 'no-keys-selected');
    const result = await removeKeys(db, signedInUser(req).id, ids, 'Linode Manager', client(req));
    if (result.outcome === 'not found') throw notFound();
    const notice = result.changed.length > 0 ? 'keys-removed' : 'keys-removed-before';
    backToList(res, listing, notice, ids);
  }
}

function backToList(res: Response, listing: Listing, notice: NoticeName, ids: number[] = []) {
  leaveNotice(res, notice, ids);
  res.redirect(303, listingUrl(listing));
}

/**
 * The ids in the names of fields, at most one page of them.
 *
 * @throws {HttpError} 400
 */
function selectedIds(names: string[]): number[] {
  if (names.length > KEYS_PER_PAGE) {
    throw new HttpError(400, `At most ${KEYS_PER_PAGE} keys can be removed at once.`);
  }
  return names.map((name) => {
    const [, id] = /^key-([1-9]\d{0,14})$/.exec(name) ?? [];
    if (id === undefined)
      throw new HttpError(400, 'The form has a field that does not belong to it.');
    return Number(id);
  });
}
