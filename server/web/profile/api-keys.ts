import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { createKey } from '../../api-keys/create.ts';
import { findExpiry } from '../../api-keys/expiry-choices.ts';
import { parseLabel } from '../../api-keys/label.ts';
import { cutSecrets } from '../../api-keys/secret.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { readForm } from '../../forms/fields.ts';
import { filledInPath } from '../../forms/form-path.ts';
import { requestIdOf } from '../../forms/request-id.ts';
import { client } from '../../http/client.ts';
import { leaveNotice } from '../../pages/notices.ts';
import { pauseOfSelected, resumeOfSelected, undoOfRemovals } from './api-keys/change-selected.ts';
import { dismissalOfReports } from './api-keys/dismiss-reports.ts';
import { firstCall } from './api-keys/first-call.ts';
import { keyPage } from './api-keys/key.ts';
import { listingUrl, parseListing } from './api-keys/listing.ts';
import { removal } from './api-keys/remove.ts';
import { removalOfSelected } from './api-keys/remove-selected.ts';
import { search } from './api-keys/search.ts';
import { renderTab } from './api-keys/tab.ts';

export function apiKeys(db: Database): Router {
  return Router()
    .get('/', showKeys)
    .post('/', create)
    .use('/search', search(db))
    .use('/remove-selected', removalOfSelected(db))
    .use('/pause-selected', pauseOfSelected(db))
    .use('/resume-selected', resumeOfSelected(db))
    .use('/undo', undoOfRemovals(db))
    .use('/dismiss-reports', dismissalOfReports(db))
    .use('/:id/first-call', firstCall(db))
    .use('/:id/remove', removal(db))
    .use('/:id', keyPage(db));

  /** `?label=ci&expires=3-months` opens the form filled in. */
  async function showKeys(req: Request, res: Response) {
    const { q } = req.query;
    const hasSecret = typeof q === 'string' && cutSecrets(q) !== q;
    if (hasSecret) return res.redirect(303, listingUrl(parseListing(req.query)));
    await renderTab(db, req, res);
  }

  async function create(req: Request, res: Response) {
    const form = readForm(req, '/profile/api-keys');
    const requestId = requestIdOf(form);

    const label = parseLabel(form.label);
    const expiry = findExpiry(form.expires);
    if ('problem' in label || expiry === undefined) {
      res.status(422);
      return renderTab(db, req, res, {
        form,
        problems: {
          ...('problem' in label && { label: label.problem }),
          ...(expiry === undefined && { expires: 'Choose when the key expires.' }),
        },
      });
    }

    const { id, timeZone } = signedInUser(req);
    const request = {
      label: label.value,
      lifetime: expiry.lifetime,
      timeZone,
      requestId,
      via: 'Linode Manager',
    } as const;
    const created = await createKey(db, { id }, request, client(req));
    if (created.outcome === 'created') return renderTab(db, req, res, { newKey: created.secret });
    if (created.outcome !== 'created before') throw new Error(`unreachable: ${created.outcome}`);
    leaveNotice(res, 'key-created-before');
    res.redirect(303, created.isSame ? req.baseUrl : filledInPath(req, req.baseUrl));
  }
}
