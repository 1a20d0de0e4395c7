import { type Request, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import { insertEvent } from '../../db/events.ts';
import { findUser } from '../../db/users.ts';
import { localPath } from '../auth/local-path.ts';
import { needsRehash, type Passwords } from '../auth/passwords.ts';
import { saveSession } from '../auth/session.ts';
import { signIn } from '../auth/sign-in.ts';
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
    const { username, password, next } = readForm(req, ['username', 'password', 'next']);
    const user = await findUser(db, username);
    const isRight = await passwords.verify(password, user?.passwordDigest);
    if (!user || !isRight || user.disabledAt) {
      await insertEvent(db, { kind: 'failed log in', userId: user?.id, ...client(req) });
      res.status(401);
      return renderLogin(req, res, {
        username,
        next: localPath(next) ?? '',
        problem: 'Login failed. Check your username and password.',
      });
    }
    const newPasswordDigest = needsRehash(user.passwordDigest)
      ? await passwords.hash(password)
      : undefined;
    await signIn(db, req, { id: user.id, newPasswordDigest });
    res.redirect(303, localPath(next) ?? '/');
  }
}

function renderLogin(
  req: Request,
  res: Response,
  locals: { username: string; next: string; problem?: string },
) {
  render(req, res, 'login', ['Log in'], { problem: undefined, ...locals });
}
