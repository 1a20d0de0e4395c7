import csurf from 'csurf';
import type { Request, RequestHandler } from 'express';
import { HttpError } from '../http/errors.ts';
import { notices, showNotice } from '../pages/notices.ts';
import { formPath } from './form-path.ts';

const checkToken = csurf({
  // The body only: csurf's own reader also takes a token from the query, where it would be
  // logged and passed on.
  value: (req) => req.body?._csrf,
});

/**
 * Lets a post through that comes from a form of ours: its browser says so, where it says
 * anything, and it holds the session's token. Mounted only where there is a session to hold a
 * secret, since csurf stores one for whoever comes by.
 *
 * A token that has grown old, in a post from our own page, becomes a GET of that form, filled in
 * with what was typed: 403, and nothing was done.
 *
 * @param publicUrl the origin that posts have to come from; without it, the request's own.
 */
export function formsOfOurs({ publicUrl }: { publicUrl: string | undefined }): RequestHandler {
  return (req, res, next) => {
    const origin = isSafe(req) ? 'ours' : requestOrigin(req, publicUrl);
    if (origin === 'foreign') throw crossSite();
    checkToken(req, res, (error) => {
      if (!isBadToken(error)) return next(error);
      if (origin === 'unknown') return next(crossSite());
      const form = formPath(req);
      if (form === undefined) return next(new HttpError(403, notices['session-changed'].text));
      // From here on the request is a view of that form; whoever redirects it has to know.
      res.locals.formPath = form;
      res.status(403);
      showNotice(res, 'session-changed');
      req.method = 'GET';
      req.url = form.slice(req.baseUrl.length);
      // Never into the handler of the post, should this stand in one route with it.
      next('route');
    });
  };
}

/**
 * Where a request comes from, by the browser's own word: `Sec-Fetch-Site` (Fetch Metadata), else
 * `Origin` (RFC 6454). Programs, and browsers of before 2020, may send neither.
 */
function requestOrigin(
  req: Request,
  publicUrl: string | undefined,
): 'ours' | 'foreign' | 'unknown' {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' ? 'ours' : 'foreign';
  const origin = req.get('origin');
  if (origin === undefined) return 'unknown';
  return origin === (publicUrl ?? `${req.protocol}://${req.get('host')}`) ? 'ours' : 'foreign';
}

function crossSite(): HttpError {
  return new HttpError(403, 'This request did not come from a page of ours, so nothing was done.');
}

function isSafe(req: Request): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(req.method);
}

function isBadToken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EBADCSRFTOKEN';
}
