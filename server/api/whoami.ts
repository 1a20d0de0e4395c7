import type { RequestHandler } from 'express';
import { findKey } from '../../db/api-keys/list.ts';
import type { Database } from '../../db/database.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { requireKey } from './require-key.ts';
import { sendJson } from './send-json.ts';

/** `GET /api/whoami`: a key and its user. Times are ISO 8601 in UTC, null for never. */
export function whoami(db: Database, checks: KeyChecks): RequestHandler {
  return async (req, res) => {
    const key = await requireKey(checks, req, res);
    if (!key) return;
    const row = await findKey(db, key.userId, key.id);
    sendJson(res, 200, {
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
