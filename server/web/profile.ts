import { type Request, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import { signedInUser } from '../auth/sign-in.ts';
import { render } from '../http/render.ts';
import { apiKeys } from './profile/api-keys.ts';

/** Everything under /profile that needs the password to have been given again. */
export function profile(db: Database): Router {
  return Router().get('/', showProfile).use('/api-keys', apiKeys(db));
}

function showProfile(req: Request, res: Response) {
  render(req, res, 'profile', ['My Profile'], { user: signedInUser(req) });
}
