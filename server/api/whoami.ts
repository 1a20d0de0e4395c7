import { findKey } from '../../db/api-keys/list.ts';
import type { Database } from '../../db/database.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { type Handler, sendJson } from './exchange.ts';
import { requireKey } from './require-key.ts';

/** `GET /api/whoami`: a key and its user. Times are ISO 8601 in UTC, null for never. */
export function whoami(db: Database, checks: KeyChecks): Handler {
  return async (exchange) => {
    const key = await requireKey(checks, exchange);
    if (!key) return;
    const row = await findKey(db, key.userId, key.id);
    sendJson(exchange.res, 200, {
      user: key.username,
      prefix: key.prefix,
      label: row?.label,
      permissions: key.permissions,
      created: row?.createdAt,
      expires: key.expiresAt,
      last_used: row?.lastUsedAt,
    });
  };
}
