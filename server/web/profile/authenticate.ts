import { type Request, type Response, Router } from 'express';
import type { Database, Transaction } from '../../../db/database.ts';
import { needsCode } from '../../../db/sessions/find.ts';
import { withOwnFactors } from '../../auth/own-password.ts';
import type { Passwords } from '../../auth/passwords.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { switchSession } from '../../auth/session.ts';
import { renewAuthenticated } from '../../auth/sign-in.ts';
import type { Encryption } from '../../auth/two-factor/encryption.ts';
import { isTrustedDevice } from '../../auth/two-factor/trusted-device.ts';
import { readForm } from '../../forms/fields.ts';
import { isNotDone, withNext } from '../../forms/form-path.ts';
import { localPath } from '../../forms/local-path.ts';
import { notices } from '../../pages/notices.ts';
import { render } from '../../pages/render.ts';
import type { Views } from '../../pages/views.ts';

export function authenticatePage(
  db: Database,
  passwords: Passwords,
  encryption: Encryption | undefined,
): Router {
  return Router().get('/', ask).post('/', check);

  async function ask(req: Request, res: Response) {
    const asksForCode = await hasTokenRow(req);
    renderQuestion(req, res, { next: localPath(req.query.next) ?? '', asksForCode });
  }

  async function check(req: Request, res: Response) {
    const { password, token, ...form } = readForm(req, '/profile/authenticate');
    const next = localPath(form.next);
    const asksForCode = await hasTokenRow(req);
    const factors = {
      password,
      token,
      asksForCode,
      isCodeNeeded: async (trx: Transaction) =>
        (await needsCode(trx, req.sessionID)) && !(await isTrusted(trx, req)),
    };
    const parts = { db, passwords, encryption };
    const checked = await withOwnFactors(parts, req, factors, (trx, user) =>
      renewAuthenticated(trx, req, user.id),
    );
    if ('problem' in checked) {
      res.status(checked.status).set(checked.headers);
      const problems = { [checked.field]: checked.problem };
      return renderQuestion(req, res, { next: next ?? '', asksForCode, problems });
    }
    const newId = checked.result;
    if (newId === undefined) return res.redirect(303, withNext('/login', next));
    switchSession(req, newId, req.session.csrfSecret ?? '');
    res.redirect(303, next ?? '/profile');
  }

  /** Whether the form asks for a code: not if the session's last code is recent or the device is trusted. */
  async function hasTokenRow(req: Request): Promise<boolean> {
    return req.session.needsCode === true && !(await isTrusted(db, req));
  }
}

function isTrusted(db: Database, req: Request): Promise<boolean> {
  return isTrustedDevice(db, req, signedInUser(req).id);
}

function renderQuestion(
  req: Request,
  res: Response,
  locals: Partial<Views['profile/authenticate']> & { next: string; asksForCode: boolean },
) {
  render(req, res, 'profile/authenticate', ['Authenticate', 'My Profile'], {
    username: signedInUser(req).username,
    problems: {},
    fallbackNotice: isNotDone(locals.next) ? notices['locked-not-done'] : undefined,
    ...locals,
  });
}
