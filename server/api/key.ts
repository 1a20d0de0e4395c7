import type { Request, RequestHandler, Response } from 'express';
import { removePresentedKey } from '../../db/api-keys/remove.ts';
import type { Database } from '../../db/database.ts';
import { client } from '../http/client.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { requireKey } from './require-key.ts';

/** `DELETE /api/key`: a key removes itself, after a leak or when a script cleans up. */
export function removeItself(db: Database, checks: KeyChecks): RequestHandler {
  return remove;

  async function remove(req: Request, res: Response): Promise<void> {
    const key = await requireKey(checks, req, res);
    if (!key) return;
    const { outcome } = await removePresentedKey(db, key, client(req));
    if (outcome === 'done') res.writeHead(204).end();
    // The key has ended or was paused since the check. Another check answers with the reason.
    else await remove(req, res);
  }
}
