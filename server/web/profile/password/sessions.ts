import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../../db/database.ts';
import { signOutElsewhere, signOutSession } from '../../../../db/sessions/end.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { readForm } from '../../../forms/fields.ts';
import { client } from '../../../http/client.ts';
import { notFound } from '../../../http/errors.ts';
import { idParameter } from '../../../http/id.ts';
import { leaveNotice } from '../../../pages/notices.ts';
import { PAGE, showPage } from './page.ts';

/** `Sign out` for one session, by its id, or for all except this one. */
export function openSessions(db: Database): Router {
  return Router().get(['/', '/:id'], showPage).post('/', signOutOthers).post('/:id', signOutOne);

  async function signOutOthers(req: Request, res: Response) {
    readForm(req, 'none');
    await signOutElsewhere(db, signedInUser(req).id, req.sessionID, client(req));
    leaveNotice(res, 'signed-out-elsewhere');
    res.redirect(303, PAGE);
  }

  async function signOutOne(req: Request, res: Response) {
    readForm(req, 'none');
    const { id } = signedInUser(req);
    if (!(await signOutSession(db, id, idParameter(req), client(req)))) throw notFound();
    leaveNotice(res, 'signed-out');
    res.redirect(303, PAGE);
  }
}
