import path from 'node:path';
import ejs from 'ejs';
import type { Express, Request, Response } from 'express';
import { takeNotice } from './notice.ts';
import { program } from './program.ts';
import { age, minute, timeLeft } from './time.ts';
import { assets, type Views } from './views.ts';

/**
 * Answers with a page: a view in its frame, views/layout.ejs. The only caller of `res.render`.
 *
 * @param title from the particular to the general: `['API Keys', 'My Profile']`.
 */
export function render<View extends keyof Views>(
  req: Request,
  res: Response,
  view: View,
  title: string[],
  locals: Views[View],
): void {
  const user = req.session?.user;
  res.render('layout', {
    ...locals,
    view,
    title: [...title, 'Linode Manager'].join(' · '),
    styles: assets[view]?.styles ?? [],
    scripts: assets[view]?.scripts ?? [],
    signedInAs: user?.username,
    csrfToken: req.csrfToken?.(),
    notice: takeNotice(req, res),
    time: { age, minute, timeLeft },
    program,
  });
}

/** Views are plain functions of one argument, `page`: compiled without `with`, a third faster. */
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
