import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { isWellFormed } from '../api-keys/secret.ts';
import { isPermission, isPermitted } from '../auth/permissions.ts';
import { senderBehind, type Trust } from '../http/client.ts';
import { bodilessSecurityHeaders } from '../http/headers.ts';
import { headRefusal } from '../http/request-limits.ts';
import type { KeyChecks, Refusal, Verdict } from '../key-checks/check.ts';
import { presentedKeys, trimKey } from '../key-checks/presented-keys.ts';
import { challenge, insufficientScope } from './challenge.ts';
import { lifeHeaders } from './life-headers.ts';
import { queryOf } from './query.ts';
import { refusedChecksLog } from './refused-checks.ts';

/** Every path below this one gets the same answers. */
export const VERIFY_PATH = '/auth/verify';

/** Whether a request is a gateway check. */
export function isVerify({ url = '' }: IncomingMessage): boolean {
  return url.startsWith(VERIFY_PATH) && /^[?/]?$/.test(url.charAt(VERIFY_PATH.length));
}

interface Parts {
  config: { secure: boolean };
  checks: KeyChecks;
  trust: Trust;
  log: Logger;
}

/**
 * The gateway check, for nginx `auth_request` and its like: 204 and who it is; 401; 403 where
 * `?permission=` names one that the user lacks; 503 while the database is away. docs/gateway says
 * how it is used. Plain node:http, because Express would halve its speed.
 */
export function verify({ config, checks, trust, log }: Parts): RequestListener {
  const security = bodilessSecurityHeaders(config);
  const logRefused = refusedChecksLog(log);
  return (req, res) => {
    answer(req, res).catch((err) => {
      log.error({ err }, 'failed');
      // Closes the connection: no answer is better than a wrong one.
      res.destroy();
    });
  };

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const refusal = headRefusal(req);
    const query = refusal ? new URLSearchParams() : queryOf(req);
    const presented = refusal ? new Set<string>() : presentedKeys(req);
    const from = senderBehind(trust, req);
    const verdict = await judge();
    const identity = [
      ...security,
      ...identityHeaders(verdict),
      ...(verdict ? lifeHeaders(verdict).flat() : []),
    ];
    // No key was found good, so no request may pass the gateway.
    if (!verdict) return refuse(503, ['Retry-After', '5']);
    if (!verdict.key) return refuse(401, ['WWW-Authenticate', challenge(verdict)]);

    const { permissions } = verdict.key;
    const lacking = query.getAll('permission').filter((name) => isLacking(permissions, name));
    if (lacking.length > 0) {
      return refuse(403, ['WWW-Authenticate', insufficientScope(lacking.filter(isPermission))]);
    }
    res.writeHead(204, identity).end();

    /** Undefined while the database is away. */
    async function judge(): Promise<Verdict | undefined> {
      if (refusal || hasKey(query)) return INVALID_REQUEST;
      try {
        return await checks.check(presented, from);
      } catch {
        return undefined;
      }
    }

    function refuse(status: 401 | 403 | 503, why: [string, string]) {
      logRefused({ status, outcome: outcomeOf(verdict), presented, client: from.client });
      res.writeHead(status, [...identity, ...why, 'Content-Length', '0']).end();
    }
  }
}

/** Why a check was refused, for the log. */
function outcomeOf(verdict: Verdict | undefined): string {
  if (verdict === undefined) return 'unavailable';
  return verdict.key ? 'permission' : verdict.refusal;
}

/**
 * For a key in the URL, which would be in every log on the way, and for a head that is too long. Both
 * are a 401: nginx turns a refusal with any status but 401 and 403 into a 500.
 */
const INVALID_REQUEST: Refusal = { refusal: 'ambiguous' };

function hasKey(query: URLSearchParams): boolean {
  for (const [name, value] of query) {
    if (/^(api_key|access_token)$/i.test(name) || isWellFormed(trimKey(value))) return true;
  }
  return false;
}

/** Every user lacks what is not a permission, such as the empty text of a variable that is not set. */
function isLacking(permissions: string[], name: string): boolean {
  return !isPermission(name) || !isPermitted(permissions, name);
}

/** Always all of them, perhaps empty, so that none that the client sent gets through the gateway. */
function identityHeaders(verdict: Verdict | undefined): string[] {
  const key = verdict?.key;
  const refused = verdict?.key ? undefined : verdict;
  const expiresAt = key?.expiresAt ?? refused?.expiredAt;
  return [
    ...['Cache-Control', 'no-store'],
    ...['X-Auth-User', key?.username ?? ''],
    ...['X-Auth-Key', key?.prefix ?? ''],
    ...['X-Auth-Permissions', key?.permissions.join(' ') ?? ''],
    ...['X-Auth-Expires', expiresAt?.toISOString() ?? ''],
    ...['X-Auth-Reason', refused ? reasonOf(refused) : ''],
  ];
}

/** The reasons that gateways can tell apart. Two keys at once count as an unknown one. */
function reasonOf({ refusal }: Refusal): string {
  return refusal === 'ambiguous' ? 'unknown' : refusal;
}
