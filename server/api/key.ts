import { removeKey } from '../../db/api-keys/remove.ts';
import type { Database } from '../../db/database.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { type Handler, sendJson } from './exchange.ts';
import { requireKey } from './require-key.ts';

/** `DELETE /api/key`: a key removes itself, after a leak or when a script cleans up. */
export function removeItself(db: Database, checks: KeyChecks): Handler {
  return async (exchange) => {
    if (exchange.isCrossSite()) {
      const message = 'A page of another site sent this, so nothing was done.';
      return sendJson(exchange.res, 403, { error: 'cross-site', message });
    }
    const key = await requireKey(checks, exchange);
    if (!key) return;
    await removeKey(db, key.userId, key.id, exchange.client());
    exchange.res.writeHead(204).end();
  };
}
