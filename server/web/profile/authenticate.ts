import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { withOwnPassword } from '../../auth/own-password.ts';
import type { Passwords } from '../../auth/passwords.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { authenticate } from '../../auth/sign-in.ts';
import { readForm } from '../../forms/fields.ts';
import { isNotDone, withNext } from '../../forms/form-path.ts';
import { localPath } from '../../forms/local-path.ts';
import { notices } from '../../pages/notices.ts';
import { render } from '../../pages/render.ts';
import type { Views } from '../../pages/views.ts';

export function authenticatePage(db: Database, passwords: Passwords): Router {
  return Router().get('/', askForPassword).post('/', checkPassword);

  function askForPassword(req: Request, res: Response) {
    renderQuestion(req, res, { next: localPath(req.query.next) ?? '' });
  }

  async function checkPassword(req: Request, res: Response) {
    const { password, ...form } = readForm(req, '/profile/authenticate');
    const next = localPath(form.next);
    const checked = await withOwnPassword({ db, passwords }, req, password, (user) =>
      authenticate(db, req, user),
    );
    if ('problem' in checked) {
      res.status(checked.status).set(checked.headers);
      return renderQuestion(req, res, {
        next: next ?? '',
        problems: { password: checked.problem },
      });
    }
    const isStillSignedIn = checked.result;
    res.redirect(303, isStillSignedIn ? (next ?? '/profile') : withNext('/login', next));
  }
}

function renderQuestion(
  req: Request,
  res: Response,
  locals: { next: string; problems?: Views['profile/authenticate']['problems'] },
) {
  render(req, res, 'profile/authenticate', ['Authenticate', 'My Profile'], {
    username: signedInUser(req).username,
    problems: {},
    fallbackNotice: isNotDone(locals.next) ? notices['locked-not-done'] : undefined,
    ...locals,
  });
}
