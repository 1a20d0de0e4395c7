import type { Request } from 'express';
import type { Database, Transaction } from '../../../db/database.ts';
import { insertEvent } from '../../../db/events.ts';
import { replaceScratchCodes } from '../../../db/scratch-codes.ts';
import { markCodeAccepted } from '../../../db/sessions/change.ts';
import { endOtherSessions } from '../../../db/sessions/end.ts';
import {
  disableTwoFactor,
  enableTwoFactor,
  findPendingSecret,
  hasTwoFactor,
  keepPendingSecret,
} from '../../../db/two-factor.ts';
import { lockUserById } from '../../../db/users.ts';
import { client } from '../../http/client.ts';
import { signedInUser } from '../require-sign-in.ts';
import type { Encryption } from './encryption.ts';
import { newTotpSecret, stepOfCode } from './totp.ts';
import { newScratchCodes, parseCode, scratchCodeDigest } from './typed-code.ts';

/**
 * Creates the secret of a user who enables two-factor authentication; it waits for a first code.
 * Undefined where it is enabled already.
 */
export async function beginTwoFactor(
  db: Database,
  encryption: Encryption,
  userId: number,
): Promise<Buffer | undefined> {
  const secret = newTotpSecret();
  const isKept = await keepPendingSecret(db, userId, encryption.encrypt(userId, secret));
  return isKept ? secret : undefined;
}

type Confirmed =
  | { outcome: 'enabled'; codes: string[] }
  /** `over`: no secret waits for a code any more. */
  | { outcome: 'wrong code' | 'over' | 'enabled before' | 'signed out' };

/**
 * Enables two-factor authentication once a first code shows that the user's app has the secret. Ends
 * the user's other sessions. The code counts for this session, and can't be used for a log in.
 */
export async function confirmTwoFactor(
  db: Database,
  encryption: Encryption,
  req: Request,
  typed: string,
): Promise<Confirmed> {
  const { id: userId } = signedInUser(req);
  return db.transaction().execute(async (trx): Promise<Confirmed> => {
    await lockUserById(trx, userId);
    if (await hasTwoFactor(trx, userId)) return { outcome: 'enabled before' };
    const pending = await findPendingSecret(trx, userId);
    const secret = pending && encryption.decrypt(userId, pending.secret);
    if (!pending || !secret) return { outcome: 'over' };
    const code = parseCode(typed);
    const step = code?.kind === 'totp' ? stepOfCode(secret, code.code, pending.step) : undefined;
    if (step === undefined) return { outcome: 'wrong code' };
    if (!(await markCodeAccepted(trx, req.sessionID))) return { outcome: 'signed out' };
    await enableTwoFactor(trx, userId, pending.secret, step);
    await endOtherSessions(trx, userId, req.sessionID);
    await insertEvent(trx, { kind: 'two-factor enabled', userId, ...client(req) });
    return { outcome: 'enabled', codes: await createScratchCodes(trx, userId) };
  });
}

/** Replaces the scratch codes of a user who has two-factor authentication. */
export async function renewScratchCodes(
  trx: Transaction,
  req: Request,
  userId: number,
): Promise<string[] | 'not enabled'> {
  if (!(await hasTwoFactor(trx, userId))) return 'not enabled';
  const codes = await createScratchCodes(trx, userId);
  await insertEvent(trx, { kind: 'scratch codes created', userId, ...client(req) });
  return codes;
}

/** Disables two-factor authentication, where it is enabled. */
export async function removeTwoFactor(
  trx: Transaction,
  req: Request,
  userId: number,
): Promise<true> {
  if (await disableTwoFactor(trx, userId)) {
    await insertEvent(trx, { kind: 'two-factor disabled', userId, ...client(req) });
  }
  return true;
}

async function createScratchCodes(trx: Transaction, userId: number): Promise<string[]> {
  const codes = newScratchCodes();
  await replaceScratchCodes(trx, userId, codes.map(scratchCodeDigest));
  return codes;
}
