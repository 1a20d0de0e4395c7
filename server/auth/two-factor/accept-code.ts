import type { Database, Transaction } from '../../../db/database.ts';
import { type Client, insertEvent, recordRateLimited } from '../../../db/events.ts';
import { listNetworks } from '../../../db/known-addresses.ts';
import { clearAttempts, findWait, recordAttempt, type Subject } from '../../../db/rate-limit.ts';
import { consumeScratchCode } from '../../../db/scratch-codes.ts';
import { acceptStep, findSecret, replaceSecret } from '../../../db/two-factor.ts';
import { CODES } from '../rate-limit.ts';
import type { Encryption } from './encryption.ts';
import { stepOfCode } from './totp.ts';
import { parseCode, type TypedCode } from './typed-code.ts';

interface CheckedUser {
  id: number;
  username: string;
}

export type CodeOutcome =
  /** `used`: right, but accepted before. `missing`: nothing was typed, so nothing is counted. */
  { outcome: 'right' | 'wrong' | 'used' | 'missing' } | { outcome: 'throttled'; seconds: number };

/**
 * The one check of a code, after the password was right, within a separate rate limit. It uses the code
 * up. A failed code is an event, so the transaction has to be committed then too. The caller has locked
 * the user's row, so that the attempts on one user come one after the other.
 *
 * @param encryption undefined where the app has no key: then only scratch codes are right
 */
export async function acceptCode(
  trx: Transaction,
  encryption: Encryption | undefined,
  user: CheckedUser,
  typed: string,
  from: Client,
  { scratchCodes = true } = {},
): Promise<CodeOutcome> {
  if (typed.trim() === '') return { outcome: 'missing' };
  const subject = subjectOf(user.id);
  const seconds = await recordAttempt(trx, subject, CODES);
  if (seconds !== undefined) {
    const [network] = await listNetworks(trx, from.ip);
    await recordRateLimited(trx, user.username, network, from);
    return { outcome: 'throttled', seconds };
  }
  const code = parseCode(typed);
  const outcome = code === undefined ? 'wrong' : await use(code);
  if (outcome !== 'right') {
    await insertEvent(trx, { kind: 'failed code', userId: user.id, ...from });
    return { outcome };
  }
  await clearAttempts(trx, subject);
  return { outcome };

  async function use(code: TypedCode): Promise<'right' | 'wrong' | 'used'> {
    if (code.kind === 'totp') return acceptTotp(trx, encryption, user.id, code.code);
    if (!scratchCodes || !(await consumeScratchCode(trx, user.id, code.digest))) return 'wrong';
    await insertEvent(trx, { kind: 'scratch code used', userId: user.id, ...from });
    return 'right';
  }
}

/** How long the next code of a user has to wait, in seconds; undefined where there is no wait. */
export async function secondsUntilNextCode(
  db: Database,
  userId: number,
): Promise<number | undefined> {
  return findWait(db, subjectOf(userId));
}

function subjectOf(userId: number): Subject {
  return ['codes', String(userId)];
}

async function acceptTotp(
  trx: Transaction,
  encryption: Encryption | undefined,
  userId: number,
  code: string,
): Promise<'right' | 'wrong' | 'used'> {
  const kept = await findSecret(trx, userId);
  if (!kept || !encryption) return 'wrong';
  const secret = encryption.decrypt(userId, kept.secret);
  if (!secret) return 'wrong';
  const step = stepOfCode(secret, code, kept.step);
  if (step === undefined) return 'wrong';
  if (!(await acceptStep(trx, userId, step))) return 'used';
  await replaceSecret(trx, userId, kept.secret, encryption.encrypt(userId, secret));
  return 'right';
}
