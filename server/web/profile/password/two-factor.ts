import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../../db/database.ts';
import { findPendingSecret } from '../../../../db/two-factor.ts';
import type { Passwords } from '../../../auth/passwords.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { beginTwoFactor, confirmTwoFactor } from '../../../auth/two-factor/change.ts';
import type { Encryption } from '../../../auth/two-factor/encryption.ts';
import { keyUri, typedSecret } from '../../../auth/two-factor/totp.ts';
import { inGroups } from '../../../auth/two-factor/typed-code.ts';
import { readForm } from '../../../forms/fields.ts';
import { formPath, isNotDone, withNext, withNotDone } from '../../../forms/form-path.ts';
import { notFound } from '../../../http/errors.ts';
import { leaveNotice } from '../../../pages/notices.ts';
import { qrCode } from '../../../pages/qr-code.ts';
import { render } from '../../../pages/render.ts';
import type { Views } from '../../../pages/views.ts';
import { disable } from './two-factor/disable.ts';
import { renderNewCodes, scratchCodes } from './two-factor/scratch-codes.ts';

const PAGE = '/profile/password';

/** `Enable Two-Factor Authentication`, and the first code, which enables it. */
export function twoFactor(
  db: Database,
  passwords: Passwords,
  encryption: Encryption | undefined,
): Router {
  return Router()
    .get(['/', '/confirm'], showForm)
    .post('/', begin)
    .post('/confirm', confirm)
    .use('/disable', disable(db, passwords, encryption))
    .use('/scratch-codes', scratchCodes(db, passwords, encryption));

  /** The form for the first code, where a secret waits for it. The secret was shown before. */
  async function showForm(req: Request, res: Response) {
    if (await findPendingSecret(db, signedInUser(req).id)) return renderForm(req, res, {});
    res.redirect(303, isNotDone(req.originalUrl) ? withNotDone(PAGE) : PAGE);
  }

  async function begin(req: Request, res: Response) {
    readForm(req, 'none');
    if (!encryption) throw notFound();
    const { id, username } = signedInUser(req);
    const secret = await beginTwoFactor(db, encryption, id);
    if (secret === undefined) {
      leaveNotice(res, 'two-factor-enabled-before');
      return res.redirect(303, PAGE);
    }
    const uri = keyUri(secret, username);
    renderForm(req, res, {
      secret: { typed: inGroups(typedSecret(secret)), qrCode: qrCode(uri) },
    });
  }

  async function confirm(req: Request, res: Response) {
    const { token } = readForm(req, '/profile/password/two-factor/confirm');
    if (!encryption) throw notFound();
    const confirmed = await confirmTwoFactor(db, encryption, req, token);
    if (confirmed.outcome === 'enabled') return renderNewCodes(req, res, confirmed.codes, true);
    if (confirmed.outcome === 'wrong code') {
      res.status(422);
      return renderForm(req, res, { problems: { token: 'That is not the token. Try again.' } });
    }
    if (confirmed.outcome === 'signed out') {
      return res.redirect(303, withNext('/login', formPath(req)));
    }
    leaveNotice(
      res,
      confirmed.outcome === 'over' ? 'two-factor-over' : 'two-factor-enabled-before',
    );
    res.redirect(303, PAGE);
  }
}

function renderForm(
  req: Request,
  res: Response,
  locals: Partial<Views['profile/password/two-factor']>,
) {
  const title = ['Two-Factor Authentication', 'My Profile'];
  render(req, res, 'profile/password/two-factor', title, {
    secret: undefined,
    problems: {},
    ...locals,
  });
}
