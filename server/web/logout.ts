import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import { endLogIn, endSession } from '../../db/sessions/end.ts';
import { presentedSessionId } from '../auth/session.ts';
import { signOut } from '../auth/sign-in.ts';
import { readForm } from '../forms/fields.ts';

export function logout(db: Database, csrf: RequestHandler): Router {
  return Router().post('/', finishEndedLogIn, csrf, logOut);

  /**
   * A `log out` sent while Authenticate is being answered carries the session id that Authenticate has
   * just replaced. That id is no longer signed in, but the session that replaced it has to end. A session
   * that waits for a code has to end too.
   */
  async function finishEndedLogIn(req: Request, res: Response, next: () => void) {
    if (req.session.user) return next();
    const id = presentedSessionId(req);
    if (id !== undefined && !(await endLogIn(db, id))) await endSession(db, id);
    res.redirect(303, '/login');
  }

  async function logOut(req: Request, res: Response) {
    readForm(req, 'none');
    await signOut(db, req);
    res.redirect(303, '/login');
  }
}
