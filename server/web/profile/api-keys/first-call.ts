import { type Request, type Response, Router } from 'express';
import { findKey } from '../../../../db/api-keys/list.ts';
import type { Database } from '../../../../db/database.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { notFound } from '../../../http/errors.ts';
import { idParameter } from '../../../http/id.ts';
import { timeOfDay } from '../../../pages/dates.ts';

/**
 * For the page that shows a new key, which asks every few seconds: the first call with the key, in a
 * sentence, or 204 while there was none. It does not prolong the session (auth/session.ts).
 */
export function firstCall(db: Database): Router {
  return Router({ mergeParams: true }).get('/', tellFirstCall);

  async function tellFirstCall(req: Request, res: Response) {
    const { id, timeZone } = signedInUser(req);
    const key = await findKey(db, id, idParameter(req));
    if (!key) throw notFound();
    if (!key.lastUsedAt) return void res.status(204).end();
    const from = key.lastUsedIp ?? 'an unknown address';
    const at = timeOfDay(key.lastUsedAt, timeZone);
    res.type('text/plain').send(`First call received from ${from} at ${at}`);
  }
}
