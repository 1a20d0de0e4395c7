import type { CookieOptions, Request, Response } from 'express';
import { cookiesOf, readCookie } from '../http/cookies.ts';
import { parseId } from '../http/id.ts';

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
  'signed-out-not-done': {
    text: 'You are signed out, so nothing was done yet. Log in, then send the form again.',
    good: false,
  },
  'locked-not-done': {
    text: 'These settings are locked, so nothing was done yet. Enter your password, then send the form again.',
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
export interface Notice {
  text: string;
  good: boolean;
}

/** Longer than the ids of a page of keys. */
const MAX_COOKIE_LENGTH = 512;

/**
 * Leaves a notice for the page that a redirect leads to. It travels in a cookie that holds its
 * name: a flash in the session would be a write to the database for each view, shown twice or
 * lost when two requests race, and a query parameter would show it again at each reload.
 *
 * @param keyIds the keys that it is about. The page looks them up among those of its user, so that no
 * text of a cookie is ever shown.
 */
export function leaveNotice(res: Response, name: NoticeName, keyIds: number[] = []): void {
  const value = [name, ...keyIds].join('.');
  res.cookie(cookiesOf(res.req).notice, value, { ...options(res.req), maxAge: 60_000 });
}

/** The notice for the page being rendered, if there is one. It is shown only once. */
export function takeNotice(req: Request, res: Response): Notice | undefined {
  const [name] = readNotice(req);
  if (name === undefined) return undefined;
  res.clearCookie(cookiesOf(req).notice, options(req));
  return isNoticeName(name) ? notices[name] : undefined;
}

/** The ids of the keys that the notice is about. A client may send any ids. */
export function noticeKeyIds(req: Request): number[] {
  const [name, ...ids] = readNotice(req);
  return isNoticeName(name) ? ids.flatMap((id) => parseId(id) ?? []) : [];
}

function readNotice(req: Request): string[] {
  const cookie = readCookie(req, cookiesOf(req).notice);
  if (cookie === undefined) return [];
  return cookie.length > MAX_COOKIE_LENGTH ? [''] : cookie.split('.');
}

function options(req: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: cookiesOf(req).secure };
}

function isNoticeName(name: unknown): name is NoticeName {
  return typeof name === 'string' && Object.hasOwn(notices, name);
}
