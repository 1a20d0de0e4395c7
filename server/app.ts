import type { RequestListener } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import { apiRouter } from './api/api-router.ts';
import { isVerify, VERIFY_PATH, verify } from './api/verify.ts';
import type { Passwords } from './auth/passwords.ts';
import { requireRecentPassword, requireSignIn } from './auth/require-sign-in.ts';
import { requireDueStep, requireSteps } from './auth/require-steps.ts';
import { sessionCookie } from './auth/session.ts';
import { createEncryption } from './auth/two-factor/encryption.ts';
import type { Config } from './config/config.ts';
import { csrfProtection } from './forms/csrf.ts';
import { refuseAmbiguousForms } from './forms/fields.ts';
import { type Trust, trusting } from './http/client.ts';
import { nameCookies, useCookies } from './http/cookies.ts';
import { noStore, securityHeaders } from './http/headers.ts';
import { requestLog } from './http/log.ts';
import { MAX_FORM_BYTES, readForms, refuseLongHeads } from './http/request-limits.ts';
import { requireHttps } from './http/require-https.ts';
import { routesOf } from './http/routes.ts';
import { useSiteUrl } from './http/site-url.ts';
import type { KeyChecks } from './key-checks/check.ts';
import type { Metrics } from './metrics/metrics.ts';
import { errorPage, nothingHere } from './pages/error-page.ts';
import { useViews } from './pages/render.ts';
import { staticFiles } from './pages/static-files.ts';
import { documentation } from './web/documentation.ts';
import { healthz, readyz } from './web/health.ts';
import { home } from './web/home.ts';
import { leaked } from './web/leaked.ts';
import { logInPassword } from './web/login/password.ts';
import { logInSetUp } from './web/login/set-up.ts';
import { logInTwoFactor, requirePendingLogIn } from './web/login/two-factor.ts';
import { login } from './web/login.ts';
import { logout } from './web/logout.ts';
import { meanwhile } from './web/meanwhile.ts';
import { authenticatePage } from './web/profile/authenticate.ts';
import { profile } from './web/profile.ts';

interface Parts {
  config: Pick<
    Config,
    'publicUrl' | 'secure' | 'trustProxy' | 'sessionSecrets' | 'encryptionKeys' | 'requireTwoFactor'
  >;
  /** Identifies the database: db/installation.ts. */
  installationId: string;
  db: Database;
  passwords: Passwords;
  checks: KeyChecks;
  log: Logger;
  metrics?: Metrics | undefined;
  /** Aborted when the process is about to stop. */
  stopping: AbortSignal;
}

/** The whole app. It does not listen. */
export function createApp(parts: Parts): RequestListener {
  const trust = trusting(parts.config.trustProxy);
  const app = createExpressApp({ ...parts, trust });
  const check = verify({ ...parts, trust });
  const listener: RequestListener = (req, res) => (isVerify(req) ? check : app)(req, res);
  if (!parts.metrics) return listener;
  return parts.metrics.timed(listener, [VERIFY_PATH, ...routesOf(app).map(({ path }) => path)]);
}

/** Everything except `/auth/verify`: all middleware and routers, in order. */
export function createExpressApp(parts: Parts & { trust: Trust }): Express {
  const { config, installationId, db, passwords, checks, log, stopping, trust } = parts;
  const encryption = createEncryption(config.encryptionKeys);
  const cookies = nameCookies({ secure: config.secure, installationId });
  const app = express();
  // In every environment: outside production, Express's own error handler would show a stack.
  app.set('env', 'production');
  app.disable('x-powered-by');
  app.set('trust proxy', trust);
  app.set('query parser', 'simple');
  // Pages are not cacheable, so ETags are useless. (Static files have their own.)
  app.set('etag', false);
  useViews(app);
  useCookies(app, cookies);
  useSiteUrl(app, config.publicUrl);

  app.use(securityHeaders(config));
  // Before the log: probes would flood it.
  app.get('/healthz', healthz);
  app.get('/readyz', readyz(db, checks, stopping));
  app.use(requestLog(log));
  app.use(apiRouter({ ...parts, encryption }));
  app.use(refuseLongHeads);
  app.use(staticFiles());

  app.use(noStore);
  app.use(requireHttps(config));
  // Before the session: /leaked is public, and neither reads nor sets a cookie.
  app.use('/leaked', leaked(db, config));
  app.use(readForms(MAX_FORM_BYTES));
  app.use(refuseAmbiguousForms);
  app.use(sessionCookie(db, cookies, config));
  // Everything mounted from here on is closed until the log in is complete.
  app.use(requireSteps(db));
  const csrf = csrfProtection(config);

  app.use('/login/two-factor', requirePendingLogIn, csrf, logInTwoFactor(db, encryption));
  app.use('/login/password', requireDueStep('change password'), csrf, logInPassword(db, passwords));
  app.use('/login/set-up', requireDueStep('set up two-factor'), csrf, logInSetUp(db, encryption));
  app.use('/login', skipForUnknownPaths(csrf), login(db, passwords));
  app.use('/logout', logout(db, csrf));
  app.get('/', requireSignIn, csrf, home(db));
  app.use('/meanwhile', requireSignIn, csrf, meanwhile());
  app.use('/documentation', requireSignIn, csrf, documentation());

  // Closed by default: a page under /profile gets these checks from the place where it is mounted.
  app.use('/profile', requireSignIn, csrf);
  app.use('/profile/authenticate', authenticatePage(db, passwords, encryption));
  app.use('/profile', requireRecentPassword, profile(db, passwords, encryption));

  app.use(whenSignedIn(csrf), nothingHere);
  app.use(errorPage(log));
  return app;
}

/** Skips the CSRF protection of URLs that do not exist, since its secret would create a session. */
function skipForUnknownPaths(csrf: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const isView = ['GET', 'HEAD'].includes(req.method);
    if (req.method === 'OPTIONS' || (isView && req.path !== '/')) next();
    else csrf(req, res, next);
  };
}

/** Signed in, the frame of an error page has the form `log out`. (`OPTIONS *` has no session.) */
function whenSignedIn(csrf: RequestHandler): RequestHandler {
  return (req, res, next) => (req.session?.user ? csrf(req, res, next) : next());
}
