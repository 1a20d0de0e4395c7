import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../../db/database.ts';
import { insertEvent } from '../../../../db/events.ts';
import { endOtherSessions, endSessionOf } from '../../../../db/open-sessions.ts';
import { lockUserById } from '../../../../db/users.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { readForm } from '../../../forms/fields.ts';
import { isNotDone, withNotDone } from '../../../forms/form-path.ts';
import { client } from '../../../http/client.ts';
import { notFound } from '../../../http/errors.ts';
import { idParameter } from '../../../http/id.ts';
import { leaveNotice } from '../../../pages/notices.ts';

const PAGE = '/profile/password';

/** `Sign out` for one session, by its id, or for all except this one. */
export function openSessions(db: Database): Router {
  return Router().get(['/', '/:id'], showPage).post('/', signOutElsewhere).post('/:id', signOutOne);

  async function signOutElsewhere(req: Request, res: Response) {
    readForm(req, 'none');
    const { id } = signedInUser(req);
    await db.transaction().execute(async (trx) => {
      await lockUserById(trx, id);
      await endOtherSessions(trx, id, req.sessionID);
      await insertEvent(trx, { kind: 'signed out elsewhere', userId: id, ...client(req) });
    });
    leaveNotice(res, 'signed-out-elsewhere');
    res.redirect(303, PAGE);
  }

  async function signOutOne(req: Request, res: Response) {
    readForm(req, 'none');
    const { id } = signedInUser(req);
    const sessionId = idParameter(req);
    await db.transaction().execute(async (trx) => {
      await lockUserById(trx, id);
      if (!(await endSessionOf(trx, id, sessionId))) throw notFound();
      await insertEvent(trx, { kind: 'signed out', userId: id, ...client(req) });
    });
    leaveNotice(res, 'signed-out');
    res.redirect(303, PAGE);
  }
}

/** The page to return to after a form that was not acted upon; its buttons are on another page. */
function showPage(req: Request, res: Response) {
  res.redirect(303, isNotDone(req.originalUrl) ? withNotDone(PAGE) : PAGE);
}
