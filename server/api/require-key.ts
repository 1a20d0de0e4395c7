import type { Request, Response } from 'express';
import type { KnownKey } from '../../db/api-keys/lookup.ts';
import { sender } from '../http/client.ts';
import { addToLog } from '../http/log.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { presentedKeys } from '../key-checks/presented-keys.ts';
import { challenge, explain } from './challenge.ts';
import { lifeHeaders } from './life-headers.ts';
import { sendJson } from './send-json.ts';

/** The key in the headers of a request. Without a valid one, answers 401 and returns undefined. */
export async function requireKey(
  checks: KeyChecks,
  req: Request,
  res: Response,
): Promise<KnownKey | undefined> {
  const verdict = await checks.check(presentedKeys(req), sender(req));
  if (verdict.key) {
    addToLog(res, { user: verdict.key.userId, key: verdict.key.prefix });
    res.setHeaders(new Map(lifeHeaders(verdict)));
    return verdict.key;
  }
  const body = { error: verdict.refusal, message: explain(verdict) };
  const headers = {
    'WWW-Authenticate': challenge(verdict),
    ...Object.fromEntries(lifeHeaders(verdict)),
  };
  sendJson(res, 401, body, headers);
  return undefined;
}
