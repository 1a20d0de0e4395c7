import { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import type { StepPolicy } from '../auth/due-step.ts';
import type { Passwords } from '../auth/passwords.ts';
import type { Encryption } from '../auth/two-factor/encryption.ts';
import { toHttpError } from '../http/errors.ts';
import { noStore } from '../http/headers.ts';
import { headRefusal, refuseLongHeads } from '../http/request-limits.ts';
import type { KeyChecks } from '../key-checks/check.ts';
import { refuseCrossSite } from './cross-site.ts';
import { removeItself } from './key.ts';
import { queryOf } from './query.ts';
import { sendJson } from './send-json.ts';
import { v3 } from './v3.ts';
import { whoami } from './whoami.ts';

interface Parts {
  config: { publicUrl: string | undefined } & StepPolicy;
  db: Database;
  passwords: Passwords;
  encryption: Encryption | undefined;
  checks: KeyChecks;
  log: Logger;
}

/**
 * The API, without `/auth/verify`. It answers errors in JSON too. Cookies, sessions and form tokens
 * have no effect here. Paths are case-sensitive, and a trailing slash makes another path.
 */
export function apiRouter(parts: Parts): Router {
  const { config, db, checks, log } = parts;
  const linode = v3(parts);
  const router = Router({ caseSensitive: true, strict: true });

  router.all(['/api', '/api/'], noStore, linode);
  // Some programs of 2014 use the host without a path.
  router.all('/', skipUnlessForApi, noStore, linode);
  router.use('/api', noStore);
  router.all('/api/whoami', refuseLongHeads, only('GET'), whoami(db, checks));
  router.all(
    '/api/key',
    refuseLongHeads,
    only('DELETE'),
    refuseCrossSite(config),
    removeItself(db, checks),
  );
  router.use('/api', nothingHere);
  router.use(errorJson(log));
  return router;
}

/**
 * Leaves a view of the home page to the pages. A POST, or any parameter of the API, is for the API, even
 * without an action: a redirect to log in would carry the key, or the password of `user.getapikey`.
 */
const skipUnlessForApi: RequestHandler = (req, _res, next) => {
  if (req.method === 'POST' || (!headRefusal(req) && hasApiParameter(queryOf(req)))) next();
  else next('router');
};

function hasApiParameter(query: URLSearchParams): boolean {
  // `action` is what API v1 calls `api_action`.
  return [...query.keys()].some((name) => /^(api_|action$)/i.test(name));
}

function only(method: string): RequestHandler {
  return (req, res, next) => {
    if (req.method === method) return next();
    const message = `Only ${method} is allowed here.`;
    sendJson(res, 405, { error: 'method', message }, { Allow: method });
  };
}

const nothingHere: RequestHandler = (_req, res) => {
  sendJson(res, 404, { error: 'nothing', message: 'There is nothing at this URL.' });
};

/** The one place where an error becomes JSON. API v3 catches its own errors, for its envelope. */
function errorJson(log: Logger): ErrorRequestHandler {
  return (error, _req, res, _next) => {
    const { status, message, headers } = toHttpError(error);
    if (status >= 500) log.error({ err: error, requestId: res.locals.requestId }, 'failed');
    // Closes the connection: no answer is better than a wrong one.
    if (res.headersSent) res.destroy();
    else sendJson(res, status, { error: 'failed', message }, headers);
  };
}
