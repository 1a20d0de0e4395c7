import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import type { Database } from '../../db/database.ts';
import { isDatabaseAway } from '../../db/errors.ts';
import { keepAnonymousSession } from '../../db/sessions/change.ts';
import { endSession } from '../../db/sessions/end.ts';
import {
  findSession,
  type SignedInUser,
  type Session as StoredSession,
} from '../../db/sessions/find.ts';
import { type Cookies, cookiesOf, readCookie } from '../http/cookies.ts';
import { databaseAway } from '../http/errors.ts';
import { type DueStep, dueStepOf, type StepPolicy } from './due-step.ts';

declare module 'express-session' {
  interface SessionData {
    /** Where csurf looks for it. */
    csrfSecret?: string;
    /** Read from the database with each request; never written back. */
    user?: SignedInUser | undefined;
    /** The step of the log in that the user still has to take: until then nothing else is open. */
    dueStep?: DueStep | undefined;
    /** Whether the configuration asks every user for two-factor authentication. */
    isTwoFactorRequired?: boolean;
    recentlyAuthenticated?: boolean;
    isPasswordRecent?: boolean;
    lock?: StoredSession['lock'];
    needsCode?: boolean;
    deviceId?: number | undefined;
    pendingLogIn?: StoredSession['pendingLogIn'];
  }
}

/** The session of each request, from its cookie; kept by db/sessions. */
export function sessionCookie(
  db: Database,
  { session: name, secure }: Cookies,
  policy: { sessionSecrets: string[] } & StepPolicy,
): RequestHandler {
  const cookie: session.CookieOptions = { httpOnly: true, sameSite: 'lax', path: '/', secure };
  const read = (options: { prolong: boolean }) =>
    session({
      name,
      secret: policy.sessionSecrets,
      cookie,
      genid: newSessionId,
      resave: false,
      saveUninitialized: false,
      store: new SessionStore(db, cookie, { ...options, policy }),
    });
  const [prolonging, watching] = [read({ prolong: true }), read({ prolong: false })];
  return (req, res, next) => (isAskedByScript(req) ? watching : prolonging)(req, res, next);
}

/** Whether a script sent this request. The person may be away, so it does not prolong the session. */
function isAskedByScript({ path }: Request): boolean {
  return /^\/profile\/api-keys\/\d+\/first-call$/.test(path);
}

/** Gives a request another session, which is already in the database; sends its cookie. */
export function switchSession(req: Request, id: string, csrfSecret: string): void {
  const { cookie } = req.session;
  req.sessionID = id;
  req.sessionStore.createSession(req, { cookie, csrfSecret });
}

/**
 * The session id in a request's cookie, also of a session that has ended. The signature is not checked:
 * 256 random bits are proof enough to end a session.
 */
export function presentedSessionId(req: Request): string | undefined {
  return /^s:([\w-]{43})\./.exec(readCookie(req, cookiesOf(req).session) ?? '')?.[1];
}

/** Stores a visitor's session before the form is sent: without the session, it could not be posted. */
export function saveSession(req: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.save((error) => (error ? reject(error) : resolve()));
  });
}

/** 256 random bits. */
export function newSessionId(): string {
  return randomBytes(32).toString('base64url');
}

/** As csurf makes its own: 144 random bits. */
export function newCsrfSecret(): string {
  return randomBytes(18).toString('base64url');
}

/**
 * What express-session requires of a store. Log in, Authenticate and log out write the session
 * themselves, in one transaction with their event (sign-in.ts); `set` only stores the session of a
 * visitor at the log-in form.
 */
class SessionStore extends session.Store {
  readonly #db: Database;
  readonly #cookie: session.CookieOptions;
  readonly #prolong: boolean;
  readonly #policy: StepPolicy;

  constructor(
    db: Database,
    cookie: session.CookieOptions,
    { prolong, policy }: { prolong: boolean; policy: StepPolicy },
  ) {
    super();
    this.#db = db;
    this.#cookie = cookie;
    this.#prolong = prolong;
    this.#policy = policy;
  }

  override get(id: string, done: (error: unknown, data?: session.SessionData) => void): void {
    findSession(this.#db, id, { prolong: this.#prolong }).then(
      (found) =>
        done(
          null,
          found && {
            ...found,
            isTwoFactorRequired: this.#policy.requireTwoFactor,
            dueStep: found.user && dueStepOf(found.user, this.#policy),
            cookie: Object.assign(new session.Cookie(), this.#cookie),
          },
        ),
      // express-session takes ENOENT for "no such session". It is also the error of a database that is
      // away (its socket does not exist), which must not log everybody out.
      (cause) => done(isDatabaseAway(cause) ? databaseAway(cause) : cause),
    );
  }

  override set(id: string, data: session.SessionData, done: (error?: unknown) => void): void {
    keepAnonymousSession(this.#db, id, data.csrfSecret ?? '').then(() => done(), done);
  }

  override destroy(id: string, done: (error?: unknown) => void): void {
    endSession(this.#db, id).then(() => done(), done);
  }
}
