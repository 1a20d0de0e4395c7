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

interface Route {
  path: string;
  methods: readonly string[];
  handler(parts: Parts): Handler;
}

/** Every route for programs. `/auth/verify` has paths below it, `/api` may end with a slash. */
const routes: readonly Route[] = [
  {
    path: '/auth/verify',
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    handler: verify,
  },
  {
    path: '/api',
    // It answers the others too, with an error of its own.
    methods: ['GET', 'POST'],
    handler: (parts) => answering(parts, v3(parts)),
  },
  {
    path: '/api/whoami',
    methods: ['GET'],
    handler: (parts) => answering(parts, only('GET', whoami(parts.db, parts.checks))),
  },
  {
    path: '/api/key',
    methods: ['DELETE'],
    handler: (parts) => answering(parts, only('DELETE', removeItself(parts.db, parts.checks))),
  },
];

/** The same without what handles them, for tests and metrics. */
export const programRoutes = routes.flatMap(({ path, methods }) =>
  methods.map((method) => ({ method, path })),
);

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * Answers the routes for programs and passes every other request on to `pages`. Cookies, sessions
 * and form tokens have no effect here. It does without Express, whose middleware would slow checks.
 */
export function programs(parts: Parts, pages: Listener): Listener {
  const handlers = new Map(routes.map(({ path, handler }) => [path, handler(parts)]));
  const nothing = answering(parts, nothingHere);

  return (req, res) => {
    const exchange = begin(req, res, parts);
    const handler = find(exchange);
    if (!handler) return pages(req, res);
    handler(exchange).catch((err) => {
      parts.log.error({ err }, 'failed');
      // Closes the connection: no answer is better than a wrong one.
      res.destroy();
    });
  };

  function find({ req, path, query }: Exchange): Handler | undefined {
    if (path.startsWith('/auth/verify/')) return handlers.get('/auth/verify');
    if (path === '/api/') return handlers.get('/api');
    if (path.startsWith('/api/')) return handlers.get(path) ?? nothing;
    // Some programs of the time use the host without a path. Without an action it is an error of the
    // API: a redirect to log in would carry the key.
    if (path === '/' && (req.method === 'POST' || hasApiParameter(query))) {
      return handlers.get('/api');
    }
    return handlers.get(path);
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
function answering({ config, log }: Parts, handler: Handler): Handler {
  const secure = securityHeaders(config);
  return async (exchange) => {
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
