import type { Request, RequestHandler } from 'express';
import type { SignedInUser } from '../../db/sessions/find.ts';
import { formPath, withNext } from '../forms/form-path.ts';

/** Sends a visitor who is not logged in to log in, and from there back to the page. Does nothing else. */
export const requireSignIn: RequestHandler = (req, res, next) => {
  if (req.session.user) next();
  else res.redirect(303, withNext('/login', formPath(req)));
};

/** The user behind a request that has passed requireSignIn. */
export function signedInUser(req: Request): SignedInUser {
  if (!req.session.user) throw new Error('This route is mounted outside requireSignIn.');
  return req.session.user;
}

/** Requires that the user has given the password within REAUTHENTICATION_MINUTES. */
export const requireRecentPassword: RequestHandler = (req, res, next) => {
  if (req.session.recentlyAuthenticated) return next();
  res.redirect(303, withNext('/profile/authenticate', formPath(req)));
};
