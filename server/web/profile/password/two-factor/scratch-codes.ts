import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../../../db/database.ts';
import { withBothFactors } from '../../../../auth/own-password.ts';
import type { Passwords } from '../../../../auth/passwords.ts';
import { signedInUser } from '../../../../auth/require-sign-in.ts';
import { renewScratchCodes } from '../../../../auth/two-factor/change.ts';
import type { Encryption } from '../../../../auth/two-factor/encryption.ts';
import { inGroups } from '../../../../auth/two-factor/typed-code.ts';
import { readForm } from '../../../../forms/fields.ts';
import { formPath, withNext } from '../../../../forms/form-path.ts';
import { render } from '../../../../pages/render.ts';
import type { Views } from '../../../../pages/views.ts';

/** Replaces the scratch codes, with the password and a code. */
export function scratchCodes(
  db: Database,
  passwords: Passwords,
  encryption: Encryption | undefined,
): Router {
  return Router().get('/', ask).post('/', replace);

  function ask(req: Request, res: Response) {
    renderQuestion(req, res, {});
  }

  async function replace(req: Request, res: Response) {
    const factors = readForm(req, '/profile/password/two-factor/scratch-codes');
    const checked = await withBothFactors(
      { db, passwords, encryption },
      req,
      factors,
      (trx, { id }) => renewScratchCodes(trx, req, id),
    );
    if ('problem' in checked) {
      res.status(checked.status === 429 ? 429 : 422).set(checked.headers);
      return renderQuestion(req, res, { [checked.field]: checked.problem });
    }
    if (checked.result === undefined) return res.redirect(303, withNext('/login', formPath(req)));
    if (checked.result === 'not enabled') return res.redirect(303, '/profile/password');
    renderNewCodes(req, res, checked.result, false);
  }
}

/** Shows new scratch codes, in this one response. */
export function renderNewCodes(
  req: Request,
  res: Response,
  codes: string[],
  isJustEnabled: boolean,
): void {
  render(req, res, 'profile/password/two-factor/new-codes', ['Scratch Codes', 'My Profile'], {
    codes: codes.map(inGroups),
    isJustEnabled,
  });
}

function renderQuestion(
  req: Request,
  res: Response,
  problems: Views['profile/password/two-factor/scratch-codes']['problems'],
) {
  const { username } = signedInUser(req);
  const title = ['New Scratch Codes', 'My Profile'];
  render(req, res, 'profile/password/two-factor/scratch-codes', title, { username, problems });
}
