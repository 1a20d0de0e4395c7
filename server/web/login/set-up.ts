import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { findPendingSecret } from '../../../db/two-factor.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { beginTwoFactor, confirmTwoFactor } from '../../auth/two-factor/change.ts';
import type { Encryption } from '../../auth/two-factor/encryption.ts';
import { keyUri, typedSecret } from '../../auth/two-factor/totp.ts';
import { inGroups } from '../../auth/two-factor/typed-code.ts';
import { readForm } from '../../forms/fields.ts';
import { withNext } from '../../forms/form-path.ts';
import { localPath } from '../../forms/local-path.ts';
import { notFound } from '../../http/errors.ts';
import { leaveNotice } from '../../pages/notices.ts';
import { qrCode } from '../../pages/qr-code.ts';
import { render } from '../../pages/render.ts';
import type { Views } from '../../pages/views.ts';

/** The last step of a log in where two-factor authentication is required and not enabled. */
export function logInSetUp(db: Database, encryption: Encryption | undefined): Router {
  return Router().get(['/', '/confirm'], show).post('/', begin).post('/confirm', confirm);

  async function show(req: Request, res: Response) {
    const isBegun = (await findPendingSecret(db, signedInUser(req).id)) !== undefined;
    renderStep(req, res, { next: localPath(req.query.next) ?? '', isBegun });
  }

  async function begin(req: Request, res: Response) {
    const next = localPath(readForm(req, '/login/set-up').next);
    if (!encryption) throw notFound();
    const { id, username } = signedInUser(req);
    const secret = await beginTwoFactor(db, encryption, id);
    // Another tab has enabled it already.
    if (secret === undefined) return res.redirect(303, next ?? '/');
    renderStep(req, res, {
      next: next ?? '',
      isBegun: true,
      secret: { typed: inGroups(typedSecret(secret)), qrCode: qrCode(keyUri(secret, username)) },
    });
  }

  async function confirm(req: Request, res: Response) {
    const { token, ...form } = readForm(req, '/login/set-up/confirm');
    const next = localPath(form.next);
    if (!encryption) throw notFound();
    const confirmed = await confirmTwoFactor(db, encryption, req, token);
    if (confirmed.outcome === 'enabled') {
      return render(req, res, 'login/set-up/codes', ['Scratch Codes', 'Log in'], {
        next: next ?? '/',
        codes: confirmed.codes.map(inGroups),
      });
    }
    if (confirmed.outcome === 'wrong code') {
      res.status(422);
      const problems = { token: 'That is not the token. Try again.' };
      return renderStep(req, res, { next: next ?? '', isBegun: true, problems });
    }
    if (confirmed.outcome === 'over') {
      leaveNotice(res, 'two-factor-over');
      return res.redirect(303, withNext('/login/set-up', next));
    }
    if (confirmed.outcome === 'enabled before') return res.redirect(303, next ?? '/');
    leaveNotice(res, 'log-in-over');
    res.redirect(303, withNext('/login', next));
  }
}

function renderStep(
  req: Request,
  res: Response,
  locals: Partial<Views['login/set-up']> & { next: string; isBegun: boolean },
) {
  render(req, res, 'login/set-up', ['Two-Factor Authentication', 'Log in'], {
    secret: undefined,
    problems: {},
    ...locals,
  });
}
