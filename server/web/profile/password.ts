import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { listSessions } from '../../../db/open-sessions.ts';
import { checkOwnPassword } from '../../auth/own-password.ts';
import { passwordProblem } from '../../auth/password-rules.ts';
import type { Passwords } from '../../auth/passwords.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { changePassword } from '../../auth/sign-in.ts';
import { readForm } from '../../forms/fields.ts';
import { formPath, withNext } from '../../forms/form-path.ts';
import { leaveNotice } from '../../pages/notices.ts';
import { render } from '../../pages/render.ts';
import type { Views } from '../../pages/views.ts';
import { openSessions } from './password/sessions.ts';

type Problems = Views['profile/password']['problems'];

export function password(db: Database, passwords: Passwords): Router {
  return Router().get('/', showPassword).post('/', change).use('/sessions', openSessions(db));

  function showPassword(req: Request, res: Response) {
    return renderPassword(req, res, {});
  }

  async function change(req: Request, res: Response) {
    const form = readForm(req, '/profile/password');
    const problems = newPasswordProblems(form.new_password, form.new_password_again);
    const checked = await checkOwnPassword(db, passwords, req, form.current_password);
    if ('problem' in checked) {
      res.status(checked.status === 429 ? 429 : 422).set(checked.headers);
      return renderPassword(req, res, { ...problems, current: checked.problem });
    }
    if (Object.keys(problems).length > 0) {
      res.status(422);
      return renderPassword(req, res, problems);
    }
    const newDigest = await passwords.hash(form.new_password);
    if (!(await changePassword(db, req, checked.user, newDigest))) {
      return res.redirect(303, withNext('/login', formPath(req)));
    }
    leaveNotice(res, 'password-changed');
    res.redirect(303, req.baseUrl);
  }

  async function renderPassword(req: Request, res: Response, problems: Problems) {
    const user = signedInUser(req);
    render(req, res, 'profile/password', ['Password & Authentication', 'My Profile'], {
      username: user.username,
      timeZone: user.timeZone,
      sessions: await listSessions(db, user.id, req.sessionID),
      problems,
    });
  }
}

function newPasswordProblems(password: string, again: string): Problems {
  const problem = passwordProblem(password);
  return {
    ...(problem !== undefined && { new: problem }),
    ...(again !== password && { again: 'The passwords do not match.' }),
  };
}
