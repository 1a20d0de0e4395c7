import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { changeOwnPassword } from '../../auth/change-own-password.ts';
import type { Passwords } from '../../auth/passwords.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { readForm } from '../../forms/fields.ts';
import { withNext } from '../../forms/form-path.ts';
import { localPath } from '../../forms/local-path.ts';
import { leaveNotice } from '../../pages/notices.ts';
import { render } from '../../pages/render.ts';
import type { Views } from '../../pages/views.ts';

/** The step of a log in with a temporary password: the user chooses another one. */
export function logInPassword(db: Database, passwords: Passwords): Router {
  return Router().get('/', ask).post('/', change);

  function ask(req: Request, res: Response) {
    renderQuestion(req, res, { next: localPath(req.query.next) ?? '' });
  }

  async function change(req: Request, res: Response) {
    const form = readForm(req, '/login/password');
    const next = localPath(form.next);
    const changed = await changeOwnPassword({ db, passwords }, req, form);
    if (changed.outcome === 'refused') {
      res.status(changed.status).set(changed.headers);
      return renderQuestion(req, res, { next: next ?? '', problems: changed.problems });
    }
    if (changed.outcome === 'signed out') {
      leaveNotice(res, 'log-in-over');
      return res.redirect(303, withNext('/login', next));
    }
    leaveNotice(res, 'password-changed');
    res.redirect(303, next ?? '/');
  }
}

function renderQuestion(
  req: Request,
  res: Response,
  locals: { next: string; problems?: Views['login/password']['problems'] },
) {
  const { username } = signedInUser(req);
  render(req, res, 'login/password', ['Change Password', 'Log in'], {
    username,
    problems: {},
    ...locals,
  });
}
