import type { Request } from 'express';
import type { Database, Transaction } from '../../db/database.ts';
import { insertEvent } from '../../db/events.ts';
import { forgetAddresses } from '../../db/known-addresses.ts';
import { endExcessSessions, endOtherSessions } from '../../db/open-sessions.ts';
import * as sessions from '../../db/sessions.ts';
import { changePasswordDigest, lockUser, lockUserById, recordLogIn } from '../../db/users.ts';
import { client } from '../http/client.ts';
import { signedInUser } from './require-sign-in.ts';
import { newCsrfSecret, newSessionId, switchSession } from './session.ts';

/** A user whose password was just checked against this digest. */
interface CheckedUser {
  id: number;
  passwordDigest: string;
}

/**
 * Begins a session under a new id and with a new CSRF secret: neither can have been planted.
 * Returns false when the user was disabled, or the password changed, while it was checked.
 */
export async function signIn(db: Database, req: Request, user: CheckedUser): Promise<boolean> {
  const id = newSessionId();
  const csrfSecret = newCsrfSecret();
  const from = client(req);
  const isSignedIn = await db.transaction().execute(async (trx) => {
    if (!(await lockUser(trx, user.id, user.passwordDigest))) return false;
    await sessions.endSession(trx, req.sessionID);
    await sessions.insertSession(trx, { id, userId: user.id, csrfSecret, ...from });
    await recordLogIn(trx, user.id, from.ip);
    await insertEvent(trx, { kind: 'log in', userId: user.id, ...from });
    if ((await endExcessSessions(trx, user.id)) > 0) {
      await insertEvent(trx, { kind: 'oldest sessions ended', userId: user.id, ...from });
    }
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
 * Changes the password, ends the user's other sessions, forgets the addresses that were known but for
 * this one, and goes on under a new id. Returns false when the session ended, or another change was
 * faster.
 */
export async function changePassword(
  db: Database,
  req: Request,
  user: CheckedUser,
  newPasswordDigest: string,
): Promise<boolean> {
  return renew(db, req, user, async (trx, id) => {
    await changePasswordDigest(trx, user.id, newPasswordDigest);
    await endOtherSessions(trx, user.id, id);
    const from = client(req);
    await forgetAddresses(trx, user.id, { except: from.ip });
    await insertEvent(trx, { kind: 'password changed', userId: user.id, ...from });
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

/** Ends the log in for good: its session, and the one that an Authenticate in flight has made of it. */
export async function signOut(db: Database, req: Request): Promise<void> {
  const user = signedInUser(req);
  await db.transaction().execute(async (trx) => {
    await lockUserById(trx, user.id);
    if (!(await sessions.endLogIn(trx, req.sessionID))) return;
    await insertEvent(trx, { kind: 'log out', userId: user.id, ...client(req) });
  });
}
