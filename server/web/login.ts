import { type Request, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import { insertEvent } from '../../db/events.ts';
import { findUser, type User } from '../../db/users.ts';
import { localPath } from '../auth/local-path.ts';
import { needsRehash, type Passwords } from '../auth/passwords.ts';
import { saveSession } from '../auth/session.ts';
import { signIn } from '../auth/sign-in.ts';
import { attempt, waitSentence } from '../auth/throttle.ts';
import { client } from '../http/client.ts';
import { readForm } from '../http/form.ts';
import { render } from '../http/render.ts';

export function login(db: Database, passwords: Passwords): Router {
  return Router().get('/', showLogin).post('/', logIn);

  async function showLogin(req: Request, res: Response) {
    if (req.session.user) return res.redirect(303, '/');
    await saveSession(req);
    const { username, next } = req.query;
    renderLogin(req, res, {
      username: typeof username === 'string' ? username : '',
      next: localPath(next) ?? '',
    });
  }

  async function logIn(req: Request, res: Response) {
    if (req.session.user) return res.redirect(303, '/');
    const { username, password, ...form } = readForm(req, ['username', 'password', 'next']);
    const next = localPath(form.next);
    const refuse = (status: number, problem: string) => {
      res.status(status);
      renderLogin(req, res, { username, next: next ?? '', problem });
    };

    // PostgreSQL's text can't hold it, and no user name does.
    const name = username.replaceAll('\0', '\ufffd');
    const attempted = await attempt(db, { username: name, ip: client(req).ip });
    if (attempted.retryAfterSeconds !== undefined) {
      res.set('Retry-After', String(attempted.retryAfterSeconds));
      return refuse(429, waitSentence(attempted.retryAfterSeconds));
    }
    const user = await findUser(db, name);
    const isRight = await passwords.verify(password, user?.passwordDigest);
    if (!user || !isRight || user.disabledAt || !(await begin(req, user, password))) {
      await insertEvent(db, { kind: 'failed log in', userId: user?.id, ...client(req) });
      return refuse(401, 'Login failed. Check your username and password.');
    }
    await attempted.succeeded();
    res.redirect(303, next ?? '/');
  }

  async function begin(req: Request, user: User, password: string): Promise<boolean> {
    const newPasswordDigest = needsRehash(user.passwordDigest)
      ? await passwords.hash(password)
      : undefined;
    return signIn(db, req, { ...user, newPasswordDigest });
  }
}

function renderLogin(
  req: Request,
  res: Response,
  locals: { username: string; next: string; problem?: string },
) {
  render(req, res, 'login', ['Log in'], { problem: undefined, ...locals });
}
