import path from 'node:path';
import ejs from 'ejs';
import type { Express, Request, Response } from 'express';
import { isNotDone } from '../forms/form-path.ts';
import { localPath } from '../forms/local-path.ts';
import { assets } from './assets.ts';
import { age, minute, timeLeft, timeOfDay } from './dates.ts';
import { type Notice, type NoticeKey, notices, takeNotice, type Undo } from './notices.ts';
import { program } from './program-name.ts';
import { assetUrl } from './static-files.ts';
import { version } from './version.ts';
import type { Views } from './views.ts';
import { visible } from './visible-text.ts';

/** What the place for messages of a page shows, in addition to a notice that was left for it. */
interface Messages {
  problems?: Partial<Record<string, string>>;
  /** Shown instead of a notice that was left. */
  notice?: Notice | undefined;
  /** Shown where there is no other notice. */
  fallbackNotice?: Notice | undefined;
  /** The keys that a notice that was left is about. */
  noticeKeys?: NoticeKey[];
  undo?: Undo | undefined;
}

/**
 * Answers with a page: a view in its frame, views/layout.ejs. The only caller of `res.render`.
 *
 * @param title the most specific part first: `['API Keys', 'My Profile']`.
 */
export function render<View extends keyof Views>(
  req: Request,
  res: Response,
  view: View,
  title: string[],
  locals: Views[View] & Messages,
): void {
  const user = req.session?.user;
  const { problems = {}, noticeKeys = [], undo } = locals;
  const firstProblem = Object.keys(problems)[0];
  const notice = noticeOf(req, res, locals);
  const inProfile = /^\/profile(?:[/?]|$)/.test(req.originalUrl);
  res.render('layout', {
    ...locals,
    view,
    title: titleOf(title, firstProblem, notice),
    styles: assets[view]?.styles ?? [],
    scripts: assets[view]?.scripts ?? [],
    signedInAs: user?.username,
    inProfile,
    lock: inProfile && user && lockOf(req, view, user.timeZone),
    csrfToken: req.csrfToken?.(),
    notice: notice && { ...notice, keys: noticeKeys, undo },
    problems,
    firstProblem,
    idOf,
    /** Whether a field gets the focus, not the notice: the person types next, and the notice describes it. */
    focusesField: firstProblem !== undefined || /^login|^profile\/authenticate$/.test(view),
    time: { age, minute, timeLeft, timeOfDay },
    program,
    visible,
    version,
    assetUrl,
  });
}

function noticeOf(
  req: Request,
  res: Response,
  { notice, fallbackNotice }: Messages,
): Notice | undefined {
  // A page without a session reads no cookies.
  const left = req.session && takeNotice(req, res);
  const notDone = isNotDone(req.originalUrl) ? notices['not-done'] : undefined;
  return notice ?? left ?? fallbackNotice ?? notDone;
}

/** The title, which screen readers say first: what is wrong, or what has happened, comes first. */
function titleOf(
  parts: string[],
  firstProblem: string | undefined,
  notice: Notice | undefined,
): string {
  const title = [...parts, 'Linode Manager'].join(' · ');
  if (firstProblem !== undefined) return `Error: ${title}`;
  return notice ? `${notice.text.replace(/[.:]$/, '')} · ${title}` : title;
}

/** The id of the field with this name. */
function idOf(field: string): string {
  return field.replaceAll('_', '-');
}

/** When the settings lock, and the URL of re-authentication. */
function lockOf({ session, originalUrl }: Request, view: keyof Views, timeZone: string) {
  const { lock } = session;
  if (lock === undefined) return undefined;
  const canReturnHere = view !== 'error' && view !== 'profile/authenticate';
  return {
    at: lock.at,
    clock: timeOfDay(lock.at, timeZone),
    /** Until then: a duration, since the clocks of the browser and of this process may be wrong. */
    seconds: lock.seconds,
    authenticate: `/profile/authenticate?${new URLSearchParams({ next: (canReturnHere && localPath(originalUrl)) || '/profile' })}`,
  };
}

/** Views are plain functions of one argument, `page`: compiled without `with`, they are a third faster. */
export function useViews(app: Express): void {
  const folder = path.resolve(import.meta.dirname, '../../views');
  app.set('views', folder);
  app.set('view engine', 'ejs');
  app.engine('ejs', (file, page, done) => {
    ejs.renderFile(
      file,
      page,
      { views: [folder], cache: true, strict: true, localsName: 'page' },
      done,
    );
  });
}
