import type { CookieOptions, Request, Response } from 'express';
import { cookiesOf, readCookie } from '../http/cookies.ts';

/** Sentences that a page shows once, at its top, about the action that led to it. */
export const notices = {
  'key-removed': { text: 'The key has now been removed.', good: true },
  'key-removed-before': { text: 'That key was already removed.', good: false },
  'keys-removed': { text: 'The keys have now been removed.', good: true },
  'keys-removed-before': { text: 'Those keys were already removed.', good: false },
  'no-keys-selected': { text: 'Nothing was removed: select the keys first.', good: false },
  'profile-saved': { text: 'Your profile has been saved.', good: true },
  'password-changed': { text: 'Your password has been changed.', good: true },
  'signed-out': { text: 'That session has been signed out.', good: true },
  'signed-out-elsewhere': { text: 'You are signed out everywhere else.', good: true },
  'key-created-before': {
    text: 'That key was already created. Its full value cannot be shown again.',
    good: false,
  },
  'not-done': {
    text: 'Nothing was done yet. Check the form and send it again.',
    good: false,
  },
  'session-changed': {
    text: 'Your session changed, so nothing was done. Please try again.',
    good: false,
  },
} as const;

export type NoticeName = keyof typeof notices;
export type Notice = (typeof notices)[NoticeName];

/**
 * Leaves a notice for the page that a redirect leads to. It travels in a cookie that holds its
 * name: a flash in the session would be a write to the database for each view, shown twice or
 * lost when two requests race, and a query parameter would show it again at each reload.
 */
export function leaveNotice(res: Response, name: NoticeName): void {
  res.cookie(cookiesOf(res.req).notice, name, { ...options(res.req), maxAge: 60_000 });
}

/** The notice for the page being rendered, if there is one. It is shown only once. */
export function takeNotice(req: Request, res: Response): Notice | undefined {
  const cookie = cookiesOf(req).notice;
  const left = readCookie(req, cookie);
  if (left !== undefined) res.clearCookie(cookie, options(req));
  return isNoticeName(left) ? notices[left] : undefined;
}

function options(req: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: cookiesOf(req).secure };
}

function isNoticeName(name: unknown): name is NoticeName {
  return typeof name === 'string' && Object.hasOwn(notices, name);
}
