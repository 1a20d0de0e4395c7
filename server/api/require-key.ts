import type { KnownKey } from '../../db/api-keys/lookup.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { presentedKeys } from '../key-checks/presented-keys.ts';
import { challenge, explain } from './challenge.ts';
import { type Exchange, sendJson } from './exchange.ts';

/** The key in the headers of a request. Without a valid one, answers 401 and returns undefined. */
export async function requireKey(
  checks: KeyChecks,
  { req, res, client, about }: Exchange,
): Promise<KnownKey | undefined> {
  const verdict = await checks.check(presentedKeys(req), client);
  if (verdict.key) {
    about.user = verdict.key.userId;
    about.key = verdict.key.prefix;
    return verdict.key;
  }
  const body = { error: verdict.refusal, message: explain(verdict) };
  sendJson(res, 401, body, { 'WWW-Authenticate': challenge(verdict) });
  return undefined;
}
