import { type Request, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import { signOut } from '../auth/sign-in.ts';
import { readForm } from '../http/form.ts';

export function logout(db: Database): Router {
  return Router().post('/', logOut);

  async function logOut(req: Request, res: Response) {
    readForm(req, []);
    await signOut(db, req);
    res.redirect(303, '/login');
  }
}
