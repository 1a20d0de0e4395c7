import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { TRUST_DAYS } from '../../../db/devices.ts';
import { waitSentence } from '../../auth/rate-limit.ts';
import type { Encryption } from '../../auth/two-factor/encryption.ts';
import { finishSignIn } from '../../auth/two-factor/finish-sign-in.ts';
import { fieldsInQuery, readForm } from '../../forms/fields.ts';
import { withNext } from '../../forms/form-path.ts';
import { localPath } from '../../forms/local-path.ts';
import { leaveNotice } from '../../pages/notices.ts';
import { render } from '../../pages/render.ts';

const PAGE = '/login/two-factor';

/** Lets a session through that waits for a code. Any other is redirected, and nothing is done. */
export const requirePendingLogIn: RequestHandler = (req, res, next) => {
  const { user, pendingLogIn } = req.session;
  if (pendingLogIn && !pendingLogIn.isOver) return next();
  const target = localPath(req.query.next ?? req.body?.next);
  if (user) return res.redirect(303, target ?? '/');
  if (pendingLogIn) leaveNotice(res, 'log-in-over');
  res.redirect(303, withNext('/login', target));
};

/** The second step of a log in. */
export function logInTwoFactor(db: Database, encryption: Encryption | undefined): Router {
  return Router().get('/', askForCode).post('/', checkCode);

  function askForCode(req: Request, res: Response) {
    const { next, trust } = fieldsInQuery(req, PAGE);
    renderQuestion(req, res, { next: localPath(next) ?? '', trust });
  }

  async function checkCode(req: Request, res: Response) {
    const { token, trust, ...form } = readForm(req, PAGE);
    const next = localPath(form.next);
    const { pendingLogIn } = req.session;
    if (!pendingLogIn) throw new Error('This route is mounted outside requirePendingLogIn.');
    const typed = { code: token, isTrusted: trust !== '' };
    const finished = await finishSignIn({ db, encryption }, req, pendingLogIn.userId, typed);
    if (finished.outcome === 'right') return res.redirect(303, next ?? '/');
    if (finished.outcome === 'over') {
      leaveNotice(res, 'log-in-over');
      return res.redirect(303, withNext('/login', next));
    }
    const isThrottled = finished.outcome === 'throttled';
    if (isThrottled) res.set('Retry-After', String(finished.seconds));
    res.status(isThrottled ? 429 : 401);
    const problem = isThrottled ? waitSentence(finished.seconds) : refusals[finished.outcome];
    renderQuestion(req, res, { next: next ?? '', trust, problems: { token: problem } });
  }
}

const refusals = {
  wrong: 'That is not the code. Try again.',
  missing: 'That is not the code. Try again.',
  used: 'This code has been used. Wait for the next one.',
} as const;

function renderQuestion(
  req: Request,
  res: Response,
  locals: { next: string; trust: string; problems?: { token: string } },
) {
  render(req, res, 'login/two-factor', ['Log in'], {
    problems: {},
    trustDays: TRUST_DAYS,
    ...locals,
  });
}
