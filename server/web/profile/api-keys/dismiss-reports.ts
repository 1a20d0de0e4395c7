import { type Request, type Response, Router } from 'express';
import { dismissLeakReports } from '../../../../db/api-keys/leak-reports.ts';
import type { Database } from '../../../../db/database.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { isNotDone, withNotDone } from '../../../forms/form-path.ts';
import { client } from '../../../http/client.ts';
import { listingUrl, parseListing } from './listing.ts';
import { selectedInForm } from './selection.ts';

/** `Dismiss`, below the warning about reported keys: those that it shows, and no later ones. */
export function dismissalOfReports(db: Database): Router {
  return Router().get('/', showTab).post('/', dismiss);

  async function dismiss(req: Request, res: Response) {
    await dismissLeakReports(db, signedInUser(req).id, selectedInForm(req), client(req));
    res.redirect(303, listingUrl(parseListing(req.query)));
  }
}

/** The page to return to after a form that was not acted upon. */
function showTab(req: Request, res: Response) {
  const url = listingUrl(parseListing(req.query));
  res.redirect(303, isNotDone(req.originalUrl) ? withNotDone(url) : url);
}
