import path from 'node:path';
import ejs from 'ejs';
import type { Express, Request, Response } from 'express';
import { isNotDone } from '../forms/form-path.ts';
import { localPath } from '../forms/local-path.ts';
import { age, minute, timeLeft, timeOfDay } from './dates.ts';
import { notices, takeNotice } from './notices.ts';
import { program } from './program-name.ts';
import { assetUrl } from './static-files.ts';
import { version } from './version.ts';
import { assets, type Views } from './views.ts';
import { visible } from './visible-text.ts';

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
  locals: Views[View],
): void {
  const user = req.session?.user;
  const inProfile = /^\/profile(?:[/?]|$)/.test(req.originalUrl);
  res.render('layout', {
    ...locals,
    view,
    title: [...title, 'Linode Manager'].join(' · '),
    styles: assets[view]?.styles ?? [],
    scripts: assets[view]?.scripts ?? [],
    signedInAs: user?.username,
    inProfile,
    lock: inProfile && user && lockOf(req, view, user.timeZone),
    csrfToken: req.csrfToken?.(),
    notice: takeNotice(req, res) ?? (isNotDone(req.originalUrl) ? notices['not-done'] : undefined),
    time: { age, minute, timeLeft },
    program,
    visible,
    version,
    assetUrl,
  });
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
