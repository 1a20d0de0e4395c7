import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { countScratchCodes } from '../../../db/scratch-codes.ts';
import { listSignIns } from '../../../db/sign-ins.ts';
import type { User } from '../../../db/users.ts';
import { withOwnPassword } from '../../auth/own-password.ts';
import { isSamePassword } from '../../auth/password-forms.ts';
import { passwordProblem } from '../../auth/password-rules.ts';
import type { PasswordHasher, Passwords } from '../../auth/passwords.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { changePassword } from '../../auth/sign-in.ts';
import type { Encryption } from '../../auth/two-factor/encryption.ts';
import { readForm } from '../../forms/fields.ts';
import { formPath, withNext } from '../../forms/form-path.ts';
import { leaveNotice } from '../../pages/notices.ts';
import { render } from '../../pages/render.ts';
import type { Views } from '../../pages/views.ts';
import { knownDevices } from './password/devices.ts';
import { openSessions } from './password/sessions.ts';
import { twoFactor } from './password/two-factor.ts';

type Problems = Views['profile/password']['problems'];
type NewPassword = Record<'new_password' | 'new_password_again', string>;

export function password(
  db: Database,
  passwords: Passwords,
  encryption: Encryption | undefined,
): Router {
  return Router()
    .get('/', showPassword)
    .post('/', change)
    .use('/two-factor', twoFactor(db, passwords, encryption))
    .use('/sessions', openSessions(db))
    .use('/devices', knownDevices(db));

  function showPassword(req: Request, res: Response) {
    return renderPassword(req, res, {});
  }

  async function change(req: Request, res: Response) {
    const form = readForm(req, '/profile/password');
    const problems = newPasswordProblems(form, signedInUser(req).username);
    const checked = await withOwnPassword({ db, passwords }, req, form.current_password, use);
    if ('problem' in checked) {
      res.status(checked.status === 429 ? 429 : 422).set(checked.headers);
      return renderPassword(req, res, { current_password: checked.problem, ...problems });
    }
    if (checked.result === 'refused') {
      res.status(422);
      return renderPassword(req, res, problems);
    }
    if (checked.result === 'the current one') {
      res.status(422);
      const problem = 'This is your current password. Choose another one.';
      return renderPassword(req, res, { ...problems, new_password: problem });
    }
    if (checked.result === 'signed out') {
      return res.redirect(303, withNext('/login', formPath(req)));
    }
    leaveNotice(res, 'password-changed');
    res.redirect(303, req.baseUrl);

    async function use(user: User, hasher: PasswordHasher) {
      if (isSamePassword(form.current_password, form.new_password)) return 'the current one';
      if (Object.keys(problems).length > 0) return 'refused';
      const newDigest = await hasher.hash(form.new_password);
      return (await changePassword(db, req, user, newDigest)) ? 'changed' : 'signed out';
    }
  }

  async function renderPassword(req: Request, res: Response, problems: Problems) {
    const user = signedInUser(req);
    render(req, res, 'profile/password', ['Password & Authentication', 'My Profile'], {
      username: user.username,
      timeZone: user.timeZone,
      signIns: await listSignIns(db, user.id, req.sessionID),
      problems,
      twoFactor: {
        scratchCodes: await countScratchCodes(db, user.id),
        canBeEnabled: encryption !== undefined,
      },
    });
  }
}

function newPasswordProblems(form: NewPassword, username: string): Problems {
  const problem = passwordProblem(form.new_password, username);
  const isSameAgain = isSamePassword(form.new_password, form.new_password_again);
  return {
    ...(problem !== undefined && { new_password: problem }),
    ...(!isSameAgain && { new_password_again: 'The passwords do not match.' }),
  };
}
