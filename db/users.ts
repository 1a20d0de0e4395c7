import { sql } from 'kysely';
import type { Database, Transaction } from './database.ts';

export interface User {
  id: number;
  username: string;
  email: string | null;
  passwordDigest: string;
  disabledAt: Date | null;
}

/** A user by name, whatever its case; disabled ones too. */
export async function findUser(db: Database, username: string): Promise<User | undefined> {
  return db
    .selectFrom('users')
    .select([
      'id',
      'username',
      'email',
      'password_digest as passwordDigest',
      'disabled_at as disabledAt',
    ])
    .where(sql`lower(username)`, '=', username.toLowerCase())
    .executeTakeFirst();
}

export async function listUsers(db: Database) {
  return db
    .selectFrom('users')
    .select(['username', 'email', 'created_at as createdAt', 'disabled_at as disabledAt'])
    .orderBy('username')
    .execute();
}

interface NewUser {
  username: string;
  email?: string | undefined;
  passwordDigest: string;
}

/** Adds a user, unless the name is taken. Returns whether it did. */
export async function insertUser(db: Database, user: NewUser): Promise<boolean> {
  const inserted = await db
    .insertInto('users')
    .values({
      username: user.username,
      email: user.email ?? null,
      password_digest: user.passwordDigest,
    })
    .onConflict((conflict) => conflict.expression(sql`lower(username)`).doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function hasUsers(db: Database): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Notes a log in: the one before becomes the "previous log in" that the home page shows. */
export async function recordLogIn(
  trx: Transaction,
  userId: number,
  ip: string | null,
): Promise<void> {
  await trx
    .updateTable('users')
    .set((eb) => ({
      previous_log_in_at: eb.ref('log_in_at'),
      previous_log_in_ip: eb.ref('log_in_ip'),
      log_in_at: sql<Date>`now()`,
      log_in_ip: ip,
    }))
    .where('id', '=', userId)
    .execute();
}

export async function changePasswordDigest(
  db: Database,
  userId: number,
  passwordDigest: string,
): Promise<void> {
  await db
    .updateTable('users')
    .set({ password_digest: passwordDigest })
    .where('id', '=', userId)
    .execute();
}

/** Disables or enables a user. Returns false when there is no such user. */
export async function setDisabled(
  db: Database,
  username: string,
  disabled: boolean,
): Promise<boolean> {
  const changed = await db
    .updateTable('users')
    .set({ disabled_at: disabled ? sql<Date>`coalesce(disabled_at, now())` : null })
    .where(sql`lower(username)`, '=', username.toLowerCase())
    .returning('id')
    .executeTakeFirst();
  return changed !== undefined;
}
