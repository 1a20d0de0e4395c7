import type { Request } from 'express';
import type { Database, Transaction } from '../../db/database.ts';
import { forgetDevices, newDeviceId, replaceDevice } from '../../db/devices.ts';
import { insertEvent } from '../../db/events.ts';
import { forgetAddresses } from '../../db/known-addresses.ts';
import { insertSession, renewSession } from '../../db/sessions/change.ts';
import {
  endExcessSessions,
  endLogIn,
  endOtherSessions,
  endSession,
} from '../../db/sessions/end.ts';
import { insertPendingLogIn } from '../../db/sessions/pending-log-ins.ts';
import { hasTwoFactor } from '../../db/two-factor.ts';
import { changePasswordDigest, lockUser, lockUserById, recordLogIn } from '../../db/users.ts';
import { client } from '../http/client.ts';
import { currentDevice, newDeviceValue, presentedDevice, sendDevice } from './devices.ts';
import { signedInUser } from './require-sign-in.ts';
import { newCsrfSecret, newSessionId, switchSession } from './session.ts';
import { isTrustedDevice } from './two-factor/trusted-device.ts';

/** A user whose password was just checked against this digest. */
interface CheckedUser {
  id: number;
  passwordDigest: string;
}

/**
 * Begins a session with a new id and a new CSRF secret, which no attacker can have set before. Where a
 * code is needed, the session only waits for it. Returns undefined when the user was disabled, or the
 * password changed, while it was checked.
 */
export async function signIn(
  db: Database,
  req: Request,
  user: CheckedUser,
): Promise<'signed in' | 'code needed' | undefined> {
  const { passwordDigest } = user;
  const session = newSession(user.id);
  const outcome = await db.transaction().execute(async (trx) => {
    if (!(await lockUser(trx, user.id, passwordDigest))) return undefined;
    await endSession(trx, req.sessionID);
    if ((await hasTwoFactor(trx, user.id)) && !(await isTrustedDevice(trx, req, user.id))) {
      const isKnown = (await currentDevice(trx, req, user.id)) !== undefined;
      const deviceId = isKnown ? undefined : await newDeviceId(trx);
      await insertPendingLogIn(trx, { ...session, passwordDigest, ...client(req), deviceId });
      return 'code needed';
    }
    await beginSession(trx, req, session);
    return 'signed in';
  });
  if (outcome === 'signed in') enterSession(req, session);
  if (outcome === 'code needed') switchSession(req, session.id, session.csrfSecret);
  return outcome;
}

interface NewSession {
  id: string;
  userId: number;
  csrfSecret: string;
  /** The new value of the cookie by which the user's device is known. */
  deviceValue: string;
}

export function newSession(userId: number): NewSession {
  const csrfSecret = newCsrfSecret();
  return { id: newSessionId(), userId, csrfSecret, deviceValue: newDeviceValue() };
}

/**
 * Begins a signed-in session, makes its device a known one, and records the log in. The caller has
 * locked the user's row, and calls `enterSession` after the transaction.
 *
 * @param withCode where a code was accepted just now: whether the device needs none from now on, and the
 *   id that was set aside for it, if it was not known before
 */
export async function beginSession(
  trx: Transaction,
  req: Request,
  session: NewSession,
  withCode?: { isTrusted: boolean; deviceId: number | undefined },
): Promise<void> {
  const { userId, deviceValue: value } = session;
  const { ip, userAgent } = client(req);
  const device = { value, ...withCode, ip, userAgent };
  const deviceId = await replaceDevice(trx, userId, presentedDevice(req, userId), device);
  const from = { ip, userAgent, deviceId };
  await insertSession(trx, { ...session, withCode: withCode !== undefined, ...from });
  await recordLogIn(trx, userId, from.ip);
  await insertEvent(trx, { kind: 'log in', userId, ...from });
  if ((await endExcessSessions(trx, userId)) > 0) {
    await insertEvent(trx, { kind: 'oldest sessions ended', userId, ...from });
  }
}

/** Switches a request to a session that has begun: sends the cookies of the session and the device. */
export function enterSession(req: Request, { id, userId, csrfSecret, deviceValue }: NewSession) {
  switchSession(req, id, csrfSecret);
  sendDevice(req, userId, deviceValue);
}

/**
 * Renews the session of a request under a new id, with the password given now. Keeps the CSRF secret,
 * so that forms in other tabs still work. The caller has locked the user's row.
 *
 * @returns the new id, for `switchSession` after the transaction; undefined when the session ended while
 *   the password was checked
 */
export async function renewAuthenticated(
  trx: Transaction,
  req: Request,
  userId: number,
): Promise<string | undefined> {
  const id = newSessionId();
  if (!(await renewSession(trx, req.sessionID, id))) return undefined;
  await insertEvent(trx, { kind: 'authenticated', userId, ...client(req) });
  return id;
}

/**
 * Changes the password, and renews this session under a new id. Ends the user's other sessions, and
 * forgets the addresses of their programs and all devices but this one, which is trusted no more.
 * Returns false when the session ended, or another change was faster.
 */
export async function changePassword(
  db: Database,
  req: Request,
  user: CheckedUser,
  newPasswordDigest: string,
): Promise<boolean> {
  const id = newSessionId();
  const isChanged = await db.transaction().execute(async (trx) => {
    if (!(await lockUser(trx, user.id, user.passwordDigest))) return false;
    if (!(await renewSession(trx, req.sessionID, id))) return false;
    await changePasswordDigest(trx, user.id, newPasswordDigest);
    await endOtherSessions(trx, user.id, id);
    await forgetDevices(trx, user.id, { except: await currentDevice(trx, req, user.id) });
    await forgetAddresses(trx, user.id);
    await insertEvent(trx, { kind: 'password changed', userId: user.id, ...client(req) });
    return true;
  });
  if (isChanged) switchSession(req, id, req.session.csrfSecret ?? '');
  return isChanged;
}

/** Ends the log in: its session, and the one that replaces it by an Authenticate at the same time. */
export async function signOut(db: Database, req: Request): Promise<void> {
  const user = signedInUser(req);
  await db.transaction().execute(async (trx) => {
    await lockUserById(trx, user.id);
    if (!(await endLogIn(trx, req.sessionID))) return;
    await insertEvent(trx, { kind: 'log out', userId: user.id, ...client(req) });
  });
}
