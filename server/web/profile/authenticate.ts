import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../db/database.ts';
import { insertEvent } from '../../../db/events.ts';
import { findUser } from '../../../db/users.ts';
import { localPath } from '../../auth/local-path.ts';
import type { Passwords } from '../../auth/passwords.ts';
import { authenticate, signedInUser } from '../../auth/sign-in.ts';
import { client } from '../../http/client.ts';
import { readForm } from '../../http/form.ts';
import { render } from '../../http/render.ts';

export function authenticatePage(db: Database, passwords: Passwords): Router {
  return Router().get('/', askForPassword).post('/', checkPassword);

  function askForPassword(req: Request, res: Response) {
    renderQuestion(req, res, { next: localPath(req.query.next) ?? '' });
  }

  async function checkPassword(req: Request, res: Response) {
    const { password, next } = readForm(req, ['password', 'next']);
    const { id, username } = signedInUser(req);
    const user = await findUser(db, username);
    if (!(await passwords.verify(password, user?.passwordDigest))) {
      await insertEvent(db, { kind: 'failed authentication', userId: id, ...client(req) });
      res.status(401);
      return renderQuestion(req, res, {
        next: localPath(next) ?? '',
        problem: 'That is not your password. Try again.',
      });
    }
    const stillSignedIn = await authenticate(db, req);
    res.redirect(303, stillSignedIn ? (localPath(next) ?? '/profile') : '/login');
  }
}

function renderQuestion(req: Request, res: Response, locals: { next: string; problem?: string }) {
  render(req, res, 'profile/authenticate', ['Authenticate', 'My Profile'], {
    username: signedInUser(req).username,
    problem: undefined,
    ...locals,
  });
}
