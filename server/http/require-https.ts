import type { RequestHandler } from 'express';
import { HttpError } from './errors.ts';

/**
 * Where browsers use https, refuses a request that the proxy did not mark as https. express-session
 * would not send a Secure cookie in the answer, and each form would then be refused because of its token.
 */
export function requireHttps({ secure }: { secure: boolean }): RequestHandler {
  return (req, _res, next) => {
    if (secure && !req.secure) throw new HttpError(503, NOT_MARKED);
    next();
  };
}

const NOT_MARKED =
  'PUBLIC_URL is https, but this request came without the header "X-Forwarded-Proto: https" from ' +
  'a proxy that TRUST_PROXY names. Without it, nobody can log in.';
