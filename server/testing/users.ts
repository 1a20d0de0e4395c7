import type { Database } from '../../db/database.ts';
import { changePasswordDigest, findUser, insertUser } from '../../db/users.ts';

/** The password of every user in the tests. */
export const PASSWORD = 'correct horse battery';
/** The digest of PASSWORD at bcrypt's lowest cost, which `startApp` uses too. */
export const PASSWORD_DIGEST = '$2b$04$4zD0VHZ6nDBskCLe5lZJBOzKyTsYQHjq0RS2L/J3.7EtWuVD3OibG';
/** The digest of PASSWORD at the shipped cost: for benches, and for fault tests with many users. */
export const SHIPPED_PASSWORD_DIGEST =
  '$2b$11$XQUYXGq9eNsuQmC8jJg/Auu7fevEwPzd3AS2Zu.u2hNIvU1UgrWj.';

/** Adds a user whose password is PASSWORD. */
export async function addUser(
  db: Database,
  username: string,
  passwordDigest = PASSWORD_DIGEST,
): Promise<void> {
  await insertUser(db, { username, email: `${username}@example.com`, passwordDigest });
}

/** Makes PASSWORD the temporary password of a user, as an operator would. */
export async function makePasswordTemporary(db: Database, username: string): Promise<void> {
  const { id = 0 } = (await findUser(db, username)) ?? {};
  await changePasswordDigest(db, id, PASSWORD_DIGEST, { isTemporary: true });
}
