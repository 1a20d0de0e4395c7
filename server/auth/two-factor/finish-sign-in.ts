import type { Request } from 'express';
import type { Database } from '../../../db/database.ts';
import { endSession } from '../../../db/sessions/end.ts';
import { findPendingUser } from '../../../db/sessions/pending-log-ins.ts';
import { lockUserById } from '../../../db/users.ts';
import { signals } from '../../metrics/signals.ts';
import { browser } from '../caller.ts';
import { currentDevice } from '../devices.ts';
import { forgiveFailures } from '../rate-limit.ts';
import { beginSession, enterSession, newSession } from '../sign-in.ts';
import { acceptCode, type CodeOutcome } from './accept-code.ts';
import type { Encryption } from './encryption.ts';

/**
 * The second step of a log in: checks the code, and begins the signed-in session, once more under a
 * new id and with a new CSRF secret. All that a log in does for the user is done here: its event, the
 * "previous log in", and the forgiving of wrong passwords.
 *
 * @param userId whose code the session of the request waits for
 * @param isTrusted whether the device needs no code from now on
 * @returns `over` where the session waits no longer: it took too long, or the user was changed meanwhile
 */
export async function finishSignIn(
  { db, encryption }: { db: Database; encryption: Encryption | undefined },
  req: Request,
  userId: number,
  { code, isTrusted }: { code: string; isTrusted: boolean },
): Promise<CodeOutcome | { outcome: 'over' }> {
  const session = newSession(userId);
  const from = browser(req);
  const finished = await db.transaction().execute(async (trx) => {
    await lockUserById(trx, userId);
    const user = await findPendingUser(trx, req.sessionID);
    if (!user) return { outcome: 'over' } as const;
    const deviceId = from.deviceId ?? (await currentDevice(trx, req, userId));
    const accepted = await acceptCode(trx, encryption, user, code, { ...from, deviceId });
    if (accepted.outcome !== 'right') return accepted;
    if (!(await endSession(trx, req.sessionID))) return { outcome: 'over' } as const;
    await forgiveFailures(trx, user.username, await from.recognize(trx, user.username));
    await beginSession(trx, req, session, { isTrusted, deviceId: from.deviceId });
    return accepted;
  });
  const signal = signalOf[finished.outcome];
  if (signal) signals.emit('log in', signal);
  if (finished.outcome === 'right') enterSession(req, session);
  return finished;
}

/** What the metrics count; what was not tried is undefined. */
const signalOf = {
  right: 'right',
  wrong: 'wrong code',
  used: 'wrong code',
  throttled: 'throttled',
  missing: undefined,
  over: undefined,
} as const;
