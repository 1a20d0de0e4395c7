import type { RequestHandler } from 'express';
import { listExpiringKeys } from '../../db/api-keys/expiring.ts';
import { countKeysByState } from '../../db/api-keys/list.ts';
import type { Database } from '../../db/database.ts';
import { signedInUser } from '../auth/require-sign-in.ts';
import { render } from '../pages/render.ts';
import { readMeanwhile } from './meanwhile.ts';

export function home(db: Database): RequestHandler {
  return async (req, res) => {
    const user = signedInUser(req);
    const keys = await countKeysByState(db, user.id);
    const expiring = await listExpiringKeys(db, user.id);
    const meanwhile = await readMeanwhile(db, req);
    const { timeZone } = user;
    render(req, res, 'home', [], { user, keys, expiring, timeZone, meanwhile });
  };
}
