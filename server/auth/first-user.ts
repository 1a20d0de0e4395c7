import { randomBytes } from 'node:crypto';
import type { Database } from '../../db/database.ts';
import { hasUsers, insertUser } from '../../db/users.ts';
import type { Passwords } from './passwords.ts';

/**
 * Makes the first user, where there is no user at all. Returns the password that was made up for
 * it, to be told once; undefined when there is nothing to tell.
 */
export async function makeFirstUser(
  db: Database,
  passwords: Passwords,
  { username, password: given }: { username: string; password: string | undefined },
): Promise<string | undefined> {
  if (await hasUsers(db)) return undefined;
  const password = given ?? randomBytes(12).toString('base64url');
  const passwordDigest = await passwords.hash(password);
  // Of several processes that start at once, one inserts.
  const isOurs = (await insertUser(db, { username, passwordDigest })) !== undefined;
  return isOurs && given === undefined ? password : undefined;
}
