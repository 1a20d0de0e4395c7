import type { Database } from '../../db/database.ts';
import { insertUser } from '../../db/users.ts';

/** The password of everybody in the tests. */
export const PASSWORD = 'correct horse battery';
/** Of PASSWORD, at the cost that the app uses. */
export const PASSWORD_DIGEST = '$2b$11$XQUYXGq9eNsuQmC8jJg/Auu7fevEwPzd3AS2Zu.u2hNIvU1UgrWj.';

/** Adds a user whose password is PASSWORD. */
export async function addUser(db: Database, username: string): Promise<void> {
  await insertUser(db, {
    username,
    email: `${username}@example.com`,
    passwordDigest: PASSWORD_DIGEST,
  });
}
