import { randomBytes } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { findUser, hasUsers, insertUser } from '../../db/users.ts';
import type { Passwords } from './passwords.ts';

export type FirstUser =
  /** @param password the one that was generated, to be shown once; undefined where one was given. */
  | { outcome: 'created'; password: string | undefined }
  /** @param isThere whether one of the users has the given name. */
  | { outcome: 'users exist'; isThere: boolean };

/** Creates the first user, where there is no user at all. */
export async function createFirstUser(
  db: Database,
  passwords: Passwords,
  { username, password: given }: { username: string; password: string | undefined },
): Promise<FirstUser> {
  const usersExist = async (): Promise<FirstUser> => {
    return { outcome: 'users exist', isThere: (await findUser(db, username)) !== undefined };
  };
  if (await hasUsers(db)) return usersExist();
  const password = given ?? randomBytes(12).toString('base64url');
  const passwordDigest = await passwords.hash(password);
  // Of several processes that start at once, one inserts.
  const isCreated = (await insertUser(db, { username, passwordDigest })) !== undefined;
  if (!isCreated) return usersExist();
  return { outcome: 'created', password: given === undefined ? password : undefined };
}
