import type { Request, RequestHandler } from 'express';
import type { Database, Transaction } from '../../db/database.ts';
import { insertEvent } from '../../db/events.ts';
import * as sessions from '../../db/sessions.ts';
import { changePasswordDigest, lockUser, recordLogIn } from '../../db/users.ts';
import { client } from '../http/client.ts';
import { formPath, withNext } from './form-path.ts';
import { newCsrfSecret, newSessionId, switchSession } from './session.ts';

/** Sends the signed-out to log in, and from there back to what they wanted. Nothing is done. */
export const requireSignIn: RequestHandler = (req, res, next) => {
  if (req.session.user) next();
  else res.redirect(303, withNext('/login', formPath(req)));
};

/** The user behind a request that has passed requireSignIn. */
export function signedInUser(req: Request): sessions.SignedInUser {
  if (!req.session.user) throw new Error('This route is mounted outside requireSignIn.');
  return req.session.user;
}

/** A user whose password was just checked against this digest. */
interface CheckedUser {
  id: number;
  passwordDigest: string;
}

/**
 * Begins a session under a new id and with a new CSRF secret: neither can have been planted.
 * Returns false when the user was disabled, or the password changed, while it was checked.
 */
export async function signIn(
  db: Database,
  req: Request,
  user: CheckedUser & { newPasswordDigest?: string | undefined },
): Promise<boolean> {
  const id = newSessionId();
  const csrfSecret = newCsrfSecret();
  const from = client(req);
  const isSignedIn = await db.transaction().execute(async (trx) => {
    if (!(await lockUser(trx, user.id, user.passwordDigest))) return false;
    await sessions.endSession(trx, req.sessionID);
    await sessions.insertSession(trx, { id, userId: user.id, csrfSecret, ...from });
    await recordLogIn(trx, user.id, from.ip);
    if (user.newPasswordDigest) await changePasswordDigest(trx, user.id, user.newPasswordDigest);
    await insertEvent(trx, { kind: 'log in', userId: user.id, ...from });
    return true;
  });
  if (isSignedIn) switchSession(req, id, csrfSecret);
  return isSignedIn;
}

/**
 * Goes on under a new id, with the password freshly given. Keeps the CSRF secret, so that forms
 * in other tabs still work. Returns false when the session ended while the password was checked.
 */
export async function authenticate(
  db: Database,
  req: Request,
  user: CheckedUser,
): Promise<boolean> {
  return renew(db, req, user, (trx) =>
    insertEvent(trx, { kind: 'authenticated', userId: user.id, ...client(req) }),
  );
}

/**
 * Changes the password, ends the user's other sessions, and goes on under a new id. Returns false
 * when the session ended, or another change was faster.
 */
export async function changePassword(
  db: Database,
  req: Request,
  user: CheckedUser,
  newPasswordDigest: string,
): Promise<boolean> {
  return renew(db, req, user, async (trx, id) => {
    await changePasswordDigest(trx, user.id, newPasswordDigest);
    await sessions.endOtherSessions(trx, user.id, id);
    await insertEvent(trx, { kind: 'password changed', userId: user.id, ...client(req) });
  });
}

async function renew(
  db: Database,
  req: Request,
  user: CheckedUser,
  record: (trx: Transaction, id: string) => Promise<void>,
): Promise<boolean> {
  const id = newSessionId();
  const renewed = await db.transaction().execute(async (trx) => {
    if (!(await lockUser(trx, user.id, user.passwordDigest))) return false;
    if (!(await sessions.renewSession(trx, req.sessionID, id))) return false;
    await record(trx, id);
    return true;
  });
  if (renewed) switchSession(req, id, req.session.csrfSecret ?? '');
  return renewed;
}

/** Ends the session for good. */
export async function signOut(db: Database, req: Request): Promise<void> {
  const user = signedInUser(req);
  await db.transaction().execute(async (trx) => {
    const ended = await sessions.endSession(trx, req.sessionID);
    if (ended) await insertEvent(trx, { kind: 'log out', userId: user.id, ...client(req) });
  });
}

/** Fails closed: what lies behind it needs the password, given again a short while ago. */
export const requireRecentPassword: RequestHandler = (req, res, next) => {
  if (req.session.recentlyAuthenticated) next();
  else res.redirect(303, withNext('/profile/authenticate', formPath(req)));
};
