import type { Request } from 'express';
import type { Database } from '../../db/database.ts';
import { insertEvent } from '../../db/events.ts';
import { findUser, type User } from '../../db/users.ts';
import { client } from '../http/client.ts';
import type { Passwords } from './passwords.ts';
import { attempt, waitSentence } from './rate-limit.ts';
import { signedInUser } from './require-sign-in.ts';

type Checked =
  | { user: User }
  | { status: 401 | 429; headers: Record<string, string>; problem: string };

/**
 * Whether a password is the one of whoever is signed in, rate-limited as log in is; a wrong one is an
 * event. Otherwise what to answer.
 */
export async function checkOwnPassword(
  db: Database,
  passwords: Passwords,
  req: Request,
  password: string,
): Promise<Checked> {
  const { id, username } = signedInUser(req);
  const attempted = await attempt(db, { username, ip: client(req).ip });
  if (attempted.retryAfterSeconds !== undefined) {
    const headers = { 'Retry-After': String(attempted.retryAfterSeconds) };
    return { status: 429, headers, problem: waitSentence(attempted.retryAfterSeconds) };
  }
  const user = await findUser(db, username);
  if (!user || !(await passwords.verify(password, user.passwordDigest))) {
    await insertEvent(db, { kind: 'failed authentication', userId: id, ...client(req) });
    return { status: 401, headers: {}, problem: 'That is not your password. Try again.' };
  }
  await attempted.succeeded();
  return { user };
}
