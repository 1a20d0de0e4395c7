import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import type { Passwords } from '../auth/passwords.ts';
import { clientBehind, type Trust } from '../http/client.ts';
import { toHttpError } from '../http/errors.ts';
import { securityHeaders } from '../http/headers.ts';
import { logRequest } from '../http/log.ts';
import { headRefusal } from '../http/request-limits.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { isCrossSite } from './cross-site.ts';
import { type Exchange, type Handler, sendJson } from './exchange.ts';
import { removeItself } from './key.ts';
import { v3 } from './v3.ts';
import { verify } from './verify.ts';
import { whoami } from './whoami.ts';

interface Parts {
  config: { secure: boolean; publicUrl: string | undefined };
  db: Database;
  passwords: Passwords;
  checks: KeyChecks;
  log: Logger;
  trust: Trust;
}

/** The routes for programs. `/auth/verify` has paths below it, `/api` may end with a slash. */
export const programRoutes = ['/auth/verify', '/api', '/api/whoami', '/api/key'] as const;

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * Answers the routes for programs and passes every other request on to `pages`. Cookies, sessions
 * and form tokens have no effect here. It does without Express, whose middleware would slow checks.
 */
export function programs(parts: Parts, pages: Listener): Listener {
  const { db, checks, log } = parts;
  const answered = answering(parts);
  const check = verify(checks);
  const linode = answered(v3(parts));
  const nothing = answered(nothingHere);
  const routes = new Map<string, Handler>([
    ['/api', linode],
    ['/api/', linode],
    ['/api/whoami', answered(only('GET', whoami(db, checks)))],
    ['/api/key', answered(only('DELETE', removeItself(db, checks)))],
  ]);

  return (req, res) => {
    const exchange = begin(req, res, parts);
    const handler = find(exchange);
    if (!handler) return pages(req, res);
    handler(exchange).catch((err) => {
      log.error({ err }, 'failed');
      // Closes the connection: no answer is better than a wrong one.
      res.destroy();
    });
  };

  function find({ req, path, query }: Exchange): Handler | undefined {
    if (path === '/auth/verify' || path.startsWith('/auth/verify/')) return check;
    if (path === '/api' || path.startsWith('/api/')) return routes.get(path) ?? nothing;
    // Some programs of the time use the host without a path. Without an action it is an error of the
    // API: a redirect to log in would carry the key.
    if (path === '/' && (req.method === 'POST' || hasApiParameter(query))) return linode;
    return undefined;
  }
}

function begin(
  req: IncomingMessage,
  res: ServerResponse,
  { config: { publicUrl }, trust }: Parts,
): Exchange {
  const url = req.url ?? '';
  const end = url.indexOf('?');
  const refusal = headRefusal(req);
  return {
    req,
    res,
    path: end < 0 ? url : url.slice(0, end),
    query: new URLSearchParams(end < 0 || refusal ? '' : url.slice(end)),
    refusal,
    client: () => clientBehind(trust, req),
    isCrossSite: () => isCrossSite(req.headers, publicUrl),
    about: {},
  };
}

function hasApiParameter(query: URLSearchParams): boolean {
  return [...query.keys()].some((name) => /^api_/i.test(name));
}

/** Adds to every answer but a check's: headers, a log line, and error handling. */
function answering({ config, log }: Parts): (handler: Handler) => Handler {
  const secure = securityHeaders(config);
  return (handler) => async (exchange) => {
    const { req, res, path, about, client } = exchange;
    const requestId = logRequest(log, req, res, {
      path,
      about: () => ({ ip: client().ip, ...about }),
    });
    secure(req, res, () => {});
    res.setHeader('Cache-Control', 'no-store');
    try {
      await handler(exchange);
    } catch (error) {
      const { status, message, headers } = toHttpError(error);
      if (status >= 500) log.error({ err: error, requestId }, 'failed');
      sendJson(res, status, { error: 'failed', message }, headers);
    }
  };
}

function only(method: string, handler: Handler): Handler {
  return async (exchange) => {
    if (exchange.refusal) throw exchange.refusal;
    if (exchange.req.method === method) return handler(exchange);
    const message = `Only ${method} is allowed here.`;
    sendJson(exchange.res, 405, { error: 'method', message }, { Allow: method });
  };
}

const nothingHere: Handler = async ({ res }) => {
  sendJson(res, 404, { error: 'nothing', message: 'There is nothing at this address.' });
};
