import type { Request } from 'express';
import type { Database, Transaction } from '../../db/database.ts';
import { markCodeAccepted } from '../../db/sessions/change.ts';
import { hasTwoFactor } from '../../db/two-factor.ts';
import { lockUser, type User } from '../../db/users.ts';
import { client } from '../http/client.ts';
import { browser } from './caller.ts';
import { checkPassword } from './check-password.ts';
import type { PasswordHasher, Passwords } from './passwords.ts';
import { waitSentence } from './rate-limit.ts';
import { signedInUser } from './require-sign-in.ts';
import { acceptCode, type CodeOutcome, secondsUntilNextCode } from './two-factor/accept-code.ts';
import type { Encryption } from './two-factor/encryption.ts';

type Checked<Result> =
  | { result: Result }
  | {
      status: 401 | 429;
      headers: Record<string, string>;
      problem: string;
      /** Which field the problem is about. */
      field: 'password' | 'token';
    };

/**
 * Does something for which the signed-in user has to give the password again. Where it is wrong, or the
 * rate limit refuses it, returns what to answer.
 *
 * @param isComplete as for `checkPassword`
 */
export async function withOwnPassword<Result>(
  parts: { db: Database; passwords: Passwords },
  req: Request,
  password: string,
  use: (user: User, hasher: PasswordHasher) => Promise<Result>,
  isComplete?: (result: Result) => boolean,
): Promise<Checked<Result>> {
  const { username } = signedInUser(req);
  const credentials = { username, password };
  const from = browser(req);
  const checked = await checkPassword(parts, credentials, from, 'authentication', use, isComplete);
  if (checked.outcome === 'throttled') return throttled(checked.seconds);
  if (checked.outcome === 'wrong')
    return wrong('That is not your password. Try again.', 'password');
  return { result: checked.result };
}

interface Factors {
  password: string;
  token: string;
  /** Whether a code is needed; called when the user's row is locked. */
  isCodeNeeded: (trx: Transaction) => Promise<boolean>;
  /** Whether the form asks for a code. Then a wrong password and a wrong code get the same answer. */
  asksForCode: boolean;
}

/**
 * Does something that needs the password and perhaps a code of the signed-in user, in the transaction
 * that uses the code up. Where one is wrong, or a rate limit refuses it, returns what to answer.
 *
 * @returns undefined as the result where the session ended, the user was disabled, or the password changed,
 *   meanwhile
 */
export async function withOwnFactors<Result>(
  parts: { db: Database; passwords: Passwords; encryption: Encryption | undefined },
  req: Request,
  { password, token, isCodeNeeded, asksForCode }: Factors,
  use: (trx: Transaction, user: User) => Promise<Result>,
): Promise<Checked<Result | undefined>> {
  const { db, encryption } = parts;
  if (asksForCode) {
    // Before the password is checked: otherwise a wait for the code would show that it was right.
    const seconds = await secondsUntilNextCode(db, signedInUser(req).id);
    if (seconds !== undefined) return throttled(seconds);
  }
  const checked = await withOwnPassword(
    parts,
    req,
    password,
    act,
    ({ code }) => code === undefined,
  );
  if ('problem' in checked) {
    return checked.status === 401 && asksForCode ? wrongFactors() : checked;
  }
  const { code, result } = checked.result;
  if (code === undefined) return { result };
  if (code.outcome === 'throttled') return throttled(code.seconds);
  if (code.outcome === 'used') {
    return wrong('This code has been used. Wait for the next one.', 'token');
  }
  return wrongFactors();

  /** Returns `code` where the code was refused. */
  async function act(user: User): Promise<{ code?: CodeOutcome; result?: Result }> {
    return db.transaction().execute(async (trx) => {
      if (!(await lockUser(trx, user.id, user.passwordDigest))) return {};
      if (await isCodeNeeded(trx)) {
        const code = await acceptCode(trx, encryption, user, token, client(req));
        if (code.outcome !== 'right') return { code };
        if (!(await markCodeAccepted(trx, req.sessionID))) return {};
      }
      return { result: await use(trx, user) };
    });
  }
}

/** As `withOwnFactors`, for what always needs a code of a user with two-factor authentication. */
export async function withBothFactors<Result>(
  parts: { db: Database; passwords: Passwords; encryption: Encryption | undefined },
  req: Request,
  typed: { password: string; token: string },
  use: (trx: Transaction, user: User) => Promise<Result>,
): Promise<Checked<Result | undefined>> {
  const { id } = signedInUser(req);
  const isCodeNeeded = (trx: Transaction) => hasTwoFactor(trx, id);
  return withOwnFactors(parts, req, { ...typed, isCodeNeeded, asksForCode: true }, use);
}

function throttled<Result>(seconds: number): Checked<Result> {
  const headers = { 'Retry-After': String(seconds) };
  return { status: 429, headers, problem: waitSentence(seconds), field: 'password' };
}

function wrong<Result>(problem: string, field: 'password' | 'token'): Checked<Result> {
  return { status: 401, headers: {}, problem, field };
}

function wrongFactors<Result>(): Checked<Result> {
  return wrong('The password or the token is wrong. Try again.', 'password');
}
