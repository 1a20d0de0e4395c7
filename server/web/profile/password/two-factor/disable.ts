import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../../../db/database.ts';
import { withBothFactors } from '../../../../auth/own-password.ts';
import type { Passwords } from '../../../../auth/passwords.ts';
import { signedInUser } from '../../../../auth/require-sign-in.ts';
import { removeTwoFactor } from '../../../../auth/two-factor/change.ts';
import type { Encryption } from '../../../../auth/two-factor/encryption.ts';
import { readForm } from '../../../../forms/fields.ts';
import { formPath, withNext } from '../../../../forms/form-path.ts';
import { leaveNotice } from '../../../../pages/notices.ts';
import { render } from '../../../../pages/render.ts';
import type { Views } from '../../../../pages/views.ts';

const PAGE = '/profile/password';

/** Disables two-factor authentication, with the password and a code. */
export function disable(
  db: Database,
  passwords: Passwords,
  encryption: Encryption | undefined,
): Router {
  return Router().get('/', ask).post('/', remove);

  function ask(req: Request, res: Response) {
    renderQuestion(req, res, {});
  }

  async function remove(req: Request, res: Response) {
    const factors = readForm(req, '/profile/password/two-factor/disable');
    const checked = await withBothFactors(
      { db, passwords, encryption },
      req,
      factors,
      (trx, { id }) => removeTwoFactor(trx, req, id),
    );
    if ('problem' in checked) {
      res.status(checked.status === 429 ? 429 : 422).set(checked.headers);
      return renderQuestion(req, res, { [checked.field]: checked.problem });
    }
    if (checked.result === undefined) return res.redirect(303, withNext('/login', formPath(req)));
    leaveNotice(res, 'two-factor-disabled');
    res.redirect(303, PAGE);
  }
}

function renderQuestion(
  req: Request,
  res: Response,
  problems: Views['profile/password/two-factor/disable']['problems'],
) {
  const { username } = signedInUser(req);
  const isRequired = req.session.isTwoFactorRequired === true;
  const title = ['Disable Two-Factor Authentication', 'My Profile'];
  render(req, res, 'profile/password/two-factor/disable', title, {
    username,
    isRequired,
    problems,
  });
}
