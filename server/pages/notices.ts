import type { CookieOptions, Request, Response } from 'express';
import { cookiesOf, readCookie } from '../http/cookies.ts';
import { parseId } from '../http/id.ts';
import {
  describeNothingDone,
  describeUnchanged,
  isUnchanged,
  type Unchanged,
} from './unchanged-words.ts';

/** Sentences that a page shows once, at its top, about the action that led to it. */
export const notices = {
  'key-removed': { text: 'The key has now been removed.', good: true },
  'keys-removed': { text: 'The keys have now been removed.', good: true },
  'key-leaked': { text: 'The key has now been removed as leaked.', good: true },
  'keys-leaked': { text: 'The keys have now been removed as leaked.', good: true },
  'key-restored': { text: 'The removal has been undone.', good: true },
  'keys-restored': { text: 'The removals have been undone.', good: true },
  'key-paused': { text: 'The key is now paused.', good: true },
  'keys-paused': { text: 'The keys are now paused, until you resume them.', good: true },
  'key-resumed': { text: 'The key has been resumed.', good: true },
  'keys-resumed': { text: 'The keys have been resumed.', good: true },
  /** `takeNotice` makes its text, which says why. */
  'keys-unchanged': { text: '', good: false },
  'no-keys-selected': { text: 'Nothing was done: select the keys first.', good: false },
  'key-changed': { text: 'The key has been changed.', good: true },
  'profile-saved': { text: 'Your profile has been saved.', good: true },
  'password-changed': { text: 'Your password has been changed.', good: true },
  'signed-out': { text: 'That session has been signed out.', good: true },
  'signed-out-elsewhere': { text: 'You are signed out everywhere else.', good: true },
  'device-forgotten': { text: 'That device has been forgotten.', good: true },
  'this-device-forgotten': {
    text: 'This device has been forgotten. You stay signed in; your next login here is as on a new device.',
    good: true,
  },
  'log-in-over': {
    text: 'The login took too long, or your account changed. Log in again.',
    good: false,
  },
  'two-factor-disabled': { text: 'Two-factor authentication is now disabled.', good: true },
  'two-factor-enabled-before': {
    text: 'Two-factor authentication was already enabled. Its scratch codes cannot be shown again.',
    good: false,
  },
  'two-factor-over': {
    text: 'That took too long, so nothing was done. Enable two-factor authentication again.',
    good: false,
  },
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
  /** The text after the keys that the notice is about. */
  rest?: string;
  /** What to look at or to do next, after the text. */
  link?: { url: string; text: string };
}

/** A key that a notice is about. */
export interface NoticeKey {
  label: string;
  prefix: string;
  /** What to add about the key; empty if nothing. */
  remark: string;
}

/** The button beside a notice. */
export interface Undo {
  /** The path that its form posts to. */
  action: string;
  keyIds: number[];
}

/** The keys that a notice is about. */
interface About {
  keyIds?: number[];
  /** Other keys, to which nothing was done, and why. */
  unchanged?: Unchanged;
}

/** Enough for the ids of a page of keys. */
const MAX_COOKIE_LENGTH = 512;

/**
 * Leaves a notice for the page that a redirect leads to. It travels in a cookie that holds its
 * name: a flash in the session would be a write to the database for each view, shown twice or
 * lost when two requests race, and a query parameter would show it again at each reload.
 *
 * The page looks the keys up among those of its user, so that no text of a cookie is ever shown.
 */
export function leaveNotice(
  res: Response,
  name: NoticeName,
  { keyIds = [], unchanged = {} }: About = {},
): void {
  const counts = Object.entries(unchanged).map(([why, count]) => `${why}.${count}`);
  const value = [[name, ...keyIds].join('.'), ...counts].join('~');
  res.cookie(cookiesOf(res.req).notice, value, { ...options(res.req), maxAge: 60_000 });
}

/** The notice for the page being rendered, if there is one. It is shown only once. */
export function takeNotice(req: Request, res: Response): Notice | undefined {
  const left = readNotice(req);
  if (left === undefined) return undefined;
  res.clearCookie(cookiesOf(req).notice, options(req));
  const { name, unchanged } = left;
  if (name === undefined) return undefined;
  if (name === 'keys-unchanged') return { text: describeNothingDone(unchanged), good: false };
  const rest = describeUnchanged(unchanged);
  return { ...notices[name], ...(rest && { rest }) };
}

/** The name of the notice, and the ids of the keys that it is about. A client may send any ids. */
export function leftNotice(req: Request): { name: NoticeName | undefined; keyIds: number[] } {
  return readNotice(req) ?? { name: undefined, keyIds: [] };
}

/** Undefined where there is no notice; its name is undefined where the app did not make the cookie. */
function readNotice(req: Request) {
  const cookie = readCookie(req, cookiesOf(req).notice);
  if (cookie === undefined) return undefined;
  const [about = '', ...counts] = cookie.length > MAX_COOKIE_LENGTH ? [] : cookie.split('~');
  const [name, ...ids] = about.split('.');
  const unchanged: Unchanged = {};
  for (const text of counts) {
    const [why, number] = text.split('.');
    const count = parseId(number);
    if (isUnchanged(why) && count !== undefined) unchanged[why] = count;
  }
  if (!isNoticeName(name)) return { name: undefined, keyIds: [], unchanged };
  return { name, keyIds: ids.flatMap((id) => parseId(id) ?? []), unchanged };
}

function options(req: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: cookiesOf(req).secure };
}

function isNoticeName(name: unknown): name is NoticeName {
  return typeof name === 'string' && Object.hasOwn(notices, name);
}
