import { sql } from 'kysely';
import type { Database, Transaction } from './database.ts';

/** How many days a temporary password works. */
export const TEMPORARY_PASSWORD_DAYS = 7;

export interface User {
  id: number;
  username: string;
  email: string | null;
  passwordDigest: string;
  disabledAt: Date | null;
  /** Whether the password was set by an operator, to be changed at the next log in. */
  isPasswordTemporary: boolean;
  /** Whether a temporary password is so old that it no longer works. */
  isPasswordLapsed: boolean;
  /** Whether two-factor authentication is enabled. */
  hasTwoFactor: boolean;
}

/** A user by name, in any case; disabled ones too. */
export async function findUser(db: Database, username: string): Promise<User | undefined> {
  return db
    .selectFrom('users')
    .select([
      'id',
      'username',
      'email',
      'password_digest as passwordDigest',
      'disabled_at as disabledAt',
      isPasswordTemporary.as('isPasswordTemporary'),
      isPasswordLapsed.as('isPasswordLapsed'),
      hasTwoFactor.as('hasTwoFactor'),
    ])
    .where(sql`lower(username)`, '=', username.toLowerCase())
    .executeTakeFirst();
}

export async function listUsers(db: Database) {
  return db
    .selectFrom('users')
    .select([
      'username',
      'email',
      'created_at as createdAt',
      'disabled_at as disabledAt',
      'password_lapses_at as passwordLapsesAt',
      isPasswordLapsed.as('passwordLapsed'),
      hasTwoFactor.as('twoFactor'),
    ])
    .orderBy('username')
    .execute();
}

export interface NewUser {
  username: string;
  email?: string | undefined;
  passwordDigest: string;
  isPasswordTemporary?: boolean;
}

/** A user without the password digest. */
export async function describeUser(db: Database, userId: number) {
  return db
    .selectFrom('users')
    .select([
      'username',
      'email',
      'permissions',
      'time_zone as timeZone',
      'created_at as createdAt',
      'disabled_at as disabledAt',
      'password_lapses_at as passwordLapsesAt',
      isPasswordLapsed.as('passwordLapsed'),
      hasTwoFactor.as('twoFactor'),
      'log_in_at as logInAt',
      'log_in_ip as logInIp',
    ])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
}

/** Adds a user, and returns their id; undefined if the name is taken. */
export async function insertUser(db: Database, user: NewUser): Promise<number | undefined> {
  const inserted = await db
    .insertInto('users')
    .values({
      username: user.username,
      email: user.email ?? null,
      password_digest: user.passwordDigest,
      password_lapses_at: user.isPasswordTemporary ? lapsesAt : null,
    })
    .onConflict((conflict) => conflict.expression(sql`lower(username)`).doNothing())
    .returning('id')
    .executeTakeFirst();
  return inserted?.id;
}

export async function hasUsers(db: Database): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/**
 * Holds a user's row until the transaction ends, if they are still enabled and their password is
 * still the one that was checked. Functions that begin, renew or end sessions lock the row first, so
 * that none of them can miss a change of password that runs at the same time.
 */
export async function lockUser(
  trx: Transaction,
  userId: number,
  passwordDigest: string,
): Promise<boolean> {
  const row = await trx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('password_digest', '=', passwordDigest)
    .where('disabled_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Like lockUser, for a user who is already signed in. */
export async function lockUserById(trx: Transaction, userId: number): Promise<void> {
  await trx.selectFrom('users').select('id').where('id', '=', userId).forUpdate().execute();
}

/** Records a log in. The last one becomes the "previous log in" that the home page shows. */
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

/** @param isTemporary whether the user has to change it at the next log in, within TEMPORARY_PASSWORD_DAYS */
export async function changePasswordDigest(
  db: Database,
  userId: number,
  passwordDigest: string,
  { isTemporary = false } = {},
): Promise<void> {
  await db
    .updateTable('users')
    .set({
      password_digest: passwordDigest,
      password_lapses_at: isTemporary ? lapsesAt : null,
    })
    .where('id', '=', userId)
    .execute();
}

/**
 * Replaces a digest by another one of the same password. Returns false where it was replaced already,
 * or the password changed.
 */
export async function replacePasswordDigest(
  db: Database,
  user: Pick<User, 'id' | 'passwordDigest'>,
  newDigest: string,
): Promise<boolean> {
  const replaced = await db
    .updateTable('users')
    .set({ password_digest: newDigest })
    .where('id', '=', user.id)
    .where('password_digest', '=', user.passwordDigest)
    .returning('id')
    .executeTakeFirst();
  return replaced !== undefined;
}

/** Sets a user's permissions; `*` is everything. The next request with one of their keys uses them. */
export async function changePermissions(
  db: Database,
  userId: number,
  permissions: string[],
): Promise<void> {
  await db.updateTable('users').set({ permissions }).where('id', '=', userId).execute();
}

/** Sets a user's time zone. Returns false if the database doesn't know it. */
export async function changeTimeZone(
  db: Database,
  userId: number,
  timeZone: string,
): Promise<boolean> {
  const changed = await db
    .updateTable('users')
    .set({ time_zone: timeZone })
    .where('id', '=', userId)
    .where(sql<boolean>`exists (select from pg_timezone_names where name = ${timeZone})`)
    .returning('id')
    .executeTakeFirst();
  return changed !== undefined;
}

/** Disables or enables a user, if there is one of this name. */
export async function setDisabled(
  db: Database,
  username: string,
  disabled: boolean,
): Promise<void> {
  await db
    .updateTable('users')
    .set({ disabled_at: disabled ? sql<Date>`coalesce(disabled_at, now())` : null })
    .where(sql`lower(username)`, '=', username.toLowerCase())
    .execute();
}

export const isPasswordTemporary = sql<boolean>`users.password_lapses_at is not null`;

export const isPasswordLapsed = sql<boolean>`coalesce(users.password_lapses_at <= now(), false)`;

const hasTwoFactor = sql<boolean>`
  exists (select from two_factor where two_factor.user_id = users.id)`;

const lapsesAt = sql<Date>`now() + make_interval(days => ${sql.lit(TEMPORARY_PASSWORD_DAYS)})`;
