import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { countScratchCodes } from '../../../db/scratch-codes.ts';
import { listSignIns } from '../../../db/sessions/sign-ins.ts';
import { changeOwnPassword } from '../../auth/change-own-password.ts';
import type { Passwords } from '../../auth/passwords.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
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
    const changed = await changeOwnPassword({ db, passwords }, req, form);
    if (changed.outcome === 'refused') {
      res.status(changed.status).set(changed.headers);
      return renderPassword(req, res, changed.problems);
    }
    if (changed.outcome === 'signed out') {
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
      signIns: await listSignIns(db, user.id, req.sessionID),
      problems,
      twoFactor: {
        scratchCodes: await countScratchCodes(db, user.id),
        canBeEnabled: encryption !== undefined,
      },
    });
  }
}
