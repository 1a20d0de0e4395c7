import type { Database } from '../../../db/database.ts';
import { findUser, type User } from '../../../db/users.ts';
import { CommandError } from '../command.ts';

/** The user of a name. */
export async function namedUser(db: Database, username = ''): Promise<User> {
  const user = await findUser(db, username);
  if (!user) throw new CommandError(`There is no user ${username}.`);
  return user;
}
