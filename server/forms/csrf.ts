import csurf from 'csurf';
import type { Request, RequestHandler } from 'express';
import { HttpError } from '../http/errors.ts';
import { leaveNotice, notices } from '../pages/notices.ts';
import { formPath } from './form-path.ts';

const checkToken = csurf({
  // The body only: csurf's own reader also takes a token from the query, where it would be
  // logged and passed on.
  value: (req) => req.body?._csrf,
});

/**
 * Lets a post through only if it comes from one of our forms: it holds the session's token, and
 * the browser's headers, where it sends them, name this site. Mounted only where there is a session
 * to hold the secret, since csurf stores one for every visitor.
 *
 * A post from one of our own pages with an old token is redirected to its form, with what was typed
 * and a notice that nothing was done.
 *
 * @param publicUrl the origin that posts have to come from; without it, the request's own.
 */
export function csrfProtection({ publicUrl }: { publicUrl: string | undefined }): RequestHandler {
  return (req, res, next) => {
    const origin = isSafe(req) ? 'own' : requestOrigin(req, publicUrl);
    if (origin === 'foreign') {
      refuseCrossSite(req, res, next);
      return;
    }
    checkToken(req, res, (error) => {
      if (!isBadToken(error)) return next(error);
      if (origin === 'unknown') return next(crossSite());
      const form = formPath(req);
      if (form === undefined) return next(new HttpError(403, notices['session-changed'].text));
      leaveNotice(res, 'session-changed');
      res.redirect(303, form);
    });
  };
}

/** Signed in, the frame of the error page has the form `log out`, whose token csurf provides. */
const refuseCrossSite: RequestHandler = (req, res, next) => {
  if (!req.session.user) throw crossSite();
  checkToken(req, res, () => next(crossSite()));
};

/** Refuses a post that a page of another site sent: for a public form, which has no token. */
export function refuseForeignPosts({
  publicUrl,
}: {
  publicUrl: string | undefined;
}): RequestHandler {
  return (req, _res, next) => {
    next(!isSafe(req) && requestOrigin(req, publicUrl) === 'foreign' ? crossSite() : undefined);
  };
}

/**
 * Where a request comes from, as the browser says: `Sec-Fetch-Site` (Fetch Metadata), else
 * `Origin` (RFC 6454). Programs, and browsers older than 2020, may send neither.
 */
function requestOrigin(req: Request, publicUrl: string | undefined): 'own' | 'foreign' | 'unknown' {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' ? 'own' : 'foreign';
  const origin = req.get('origin');
  if (origin === undefined) return 'unknown';
  return origin === (publicUrl ?? `${req.protocol}://${req.get('host')}`) ? 'own' : 'foreign';
}

function crossSite(): HttpError {
  return new HttpError(
    403,
    'This request did not come from one of our pages, so nothing was done.',
  );
}

function isSafe(req: Request): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(req.method);
}

function isBadToken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EBADCSRFTOKEN';
}
