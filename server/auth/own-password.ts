import type { Request } from 'express';
import type { Database } from '../../db/database.ts';
import type { User } from '../../db/users.ts';
import { client } from '../http/client.ts';
import { checkPassword } from './check-password.ts';
import type { PasswordHasher, Passwords } from './passwords.ts';
import { waitSentence } from './rate-limit.ts';
import { signedInUser } from './require-sign-in.ts';

type Checked<Result> =
  | { result: Result }
  | { status: 401 | 429; headers: Record<string, string>; problem: string };

/**
 * Does something that needs the password of the signed-in user once more; otherwise says what to
 * answer.
 */
export async function withOwnPassword<Result>(
  parts: { db: Database; passwords: Passwords },
  req: Request,
  password: string,
  use: (user: User, hasher: PasswordHasher) => Promise<Result>,
): Promise<Checked<Result>> {
  const { username } = signedInUser(req);
  const credentials = { username, password };
  const checked = await checkPassword(parts, credentials, client(req), 'authentication', use);
  if (checked.outcome === 'throttled') {
    const headers = { 'Retry-After': String(checked.seconds) };
    return { status: 429, headers, problem: waitSentence(checked.seconds) };
  }
  if (checked.outcome === 'wrong') {
    return { status: 401, headers: {}, problem: 'That is not your password. Try again.' };
  }
  return { result: checked.result };
}
