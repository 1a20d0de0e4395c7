import { type Request, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import type { User } from '../../db/users.ts';
import { browser } from '../auth/caller.ts';
import { logInWith } from '../auth/check-password.ts';
import type { Passwords } from '../auth/passwords.ts';
import { waitSentence } from '../auth/rate-limit.ts';
import { saveSession } from '../auth/session.ts';
import { signIn } from '../auth/sign-in.ts';
import { readForm } from '../forms/fields.ts';
import { isNotDone, withNext } from '../forms/form-path.ts';
import { localPath } from '../forms/local-path.ts';
import { notices } from '../pages/notices.ts';
import { render } from '../pages/render.ts';
import type { Views } from '../pages/views.ts';

export function login(db: Database, passwords: Passwords): Router {
  return Router().get('/', showLogin).post('/', logIn);

  async function showLogin(req: Request, res: Response) {
    const next = localPath(req.query.next);
    if (req.session.user) return res.redirect(303, next ?? '/');
    await saveSession(req);
    const { username } = req.query;
    renderLogin(req, res, {
      username: typeof username === 'string' ? username : '',
      next: next ?? '',
    });
  }

  async function logIn(req: Request, res: Response) {
    const { username, password, ...form } = readForm(req, '/login');
    const next = localPath(form.next);
    if (req.session.user) return res.redirect(303, next ?? '/');
    const refuse = (status: number, problem: string) => {
      res.status(status);
      renderLogin(req, res, { username, next: next ?? '', problems: { password: problem } });
    };

    const credentials = { username, password };
    const begin = (user: User) => signIn(db, req, user);
    const loggedIn = await logInWith(
      { db, passwords },
      credentials,
      browser(req),
      begin,
      (outcome) => (outcome === 'signed in' ? 'right' : outcome),
    );
    if (loggedIn.outcome === 'throttled') {
      res.set('Retry-After', String(loggedIn.seconds));
      return refuse(429, waitSentence(loggedIn.seconds));
    }
    if (loggedIn.outcome === 'wrong') {
      return refuse(401, 'Login failed. Check your username and password.');
    }
    if (loggedIn.result === 'signed in') return res.redirect(303, next ?? '/');
    res.redirect(303, withNext('/login/two-factor', next));
  }
}

function renderLogin(
  req: Request,
  res: Response,
  locals: { username: string; next: string; problems?: Views['login']['problems'] },
) {
  render(req, res, 'login', ['Log in'], {
    problems: {},
    fallbackNotice: isNotDone(locals.next) ? notices['signed-out-not-done'] : undefined,
    ...locals,
  });
}
