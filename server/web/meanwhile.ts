import { type CookieOptions, type Request, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import { listMeanwhile, MEANWHILE_DAYS } from '../../db/meanwhile.ts';
import { signedInUser } from '../auth/require-sign-in.ts';
import { readForm } from '../forms/fields.ts';
import { isNotDone, withNotDone } from '../forms/form-path.ts';
import { cookiesOf, readCookie } from '../http/cookies.ts';
import { HttpError } from '../http/errors.ts';
import { parseId } from '../http/id.ts';
import { describeMeanwhile } from '../pages/meanwhile-words.ts';

/** What the home page says about what happened while the user was not here. */
export async function readMeanwhile(db: Database, req: Request) {
  const { id } = signedInUser(req);
  const happened = await listMeanwhile(db, id, req.session.deviceId, readDismissed(req, id));
  return {
    happened: happened.map((kind) => ({ ...kind, text: describeMeanwhile(kind) })),
    newestId: Math.max(0, ...happened.map(({ newestId }) => newestId)),
    days: MEANWHILE_DAYS,
  };
}

/** `Dismiss`: a cookie for this user and device holds the newest event that was shown. */
export function meanwhile(): Router {
  return Router().get('/', showHome).post('/', dismiss);
}

/** The page to return to after a form that was not acted upon. */
function showHome(req: Request, res: Response) {
  res.redirect(303, isNotDone(req.originalUrl) ? withNotDone('/') : '/');
}

function dismiss(req: Request, res: Response) {
  const newestId = parseId(readForm(req, '/meanwhile').newest);
  if (newestId === undefined) throw new HttpError(400, 'The form does not say what to dismiss.');
  const { id } = signedInUser(req);
  res.cookie(cookiesOf(req).dismissed(id), String(newestId), options(req));
  res.redirect(303, '/');
}

/** Undefined where nothing was dismissed, or the app did not make the cookie. */
function readDismissed(req: Request, userId: number): number | undefined {
  return parseId(readCookie(req, cookiesOf(req).dismissed(userId)));
}

function options(req: Request): CookieOptions {
  // After this time nothing that was dismissed would be shown anyway.
  const maxAge = MEANWHILE_DAYS * 24 * 60 * 60_000;
  return { httpOnly: true, sameSite: 'lax', secure: cookiesOf(req).secure, maxAge };
}
