import type { RequestHandler } from 'express';
import { removeKey } from '../../db/api-keys/remove.ts';
import type { Database } from '../../db/database.ts';
import { client } from '../http/client.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { requireKey } from './require-key.ts';

/** `DELETE /api/key`: a key removes itself, after a leak or when a script cleans up. */
export function removeItself(db: Database, checks: KeyChecks): RequestHandler {
  return async (req, res) => {
    const key = await requireKey(checks, req, res);
    if (!key) return;
    await removeKey(db, key.userId, key.id, 'API', client(req));
    res.writeHead(204).end();
  };
}
