// The browsers from which users logged in, each by a value in a cookie. Wrong passwords from such a
// device are counted for the device alone, and its user may trust it, so that it needs no code.
import { sql } from 'kysely';
import type { Database, Transaction } from './database.ts';
import { type Client, insertEvent } from './events.ts';
import { digest } from './sessions/digest.ts';
import { lockUserById } from './users.ts';

/** How long a device is known after its last log in. */
export const DEVICE_DAYS = 365;
/** How long a trusted device needs no code. */
export const TRUST_DAYS = 30;
/** How many devices of a user are known; another one makes the oldest unknown. */
export const MAX_DEVICES = 50;
/** After this many wrong passwords in a row a device is unknown again. */
export const MAX_DEVICE_FAILURES = 10;

/** The device of a user whose cookie has a value, and whether it is trusted. */
export async function findDevice(
  db: Database,
  userId: number,
  value: string,
): Promise<{ id: number; isTrusted: boolean } | undefined> {
  return db
    .selectFrom('devices')
    .select(['id', isTrusted.as('isTrusted')])
    .where('user_id', '=', userId)
    .where('digest', '=', digest(value))
    .where(isKnown)
    .executeTakeFirst();
}

/**
 * The device of a user whose cookie has one of some values.
 *
 * @param username in any case; it may be unknown
 */
export async function recognizeDevice(
  db: Database,
  username: string,
  values: string[],
): Promise<number | undefined> {
  const device = await db
    .selectFrom('devices')
    .innerJoin('users', 'users.id', 'devices.user_id')
    .select('devices.id')
    .where(sql`lower(users.username)`, '=', username.toLowerCase())
    .where('devices.digest', '=', sql<Buffer>`any(${values.map(digest)}::bytea[])`)
    .where('devices.failures', '<', MAX_DEVICE_FAILURES)
    .where(isKnown)
    .executeTakeFirst();
  return device?.id;
}

/**
 * Counts an attempt from a device as failed before it happens, in one statement. Returns false if it is
 * not allowed: too many are counted already, or the device was forgotten.
 */
export async function recordDeviceAttempt(db: Database, deviceId: number): Promise<boolean> {
  const recorded = await db
    .updateTable('devices')
    .set({ failures: sql<number>`failures + 1` })
    .where('id', '=', deviceId)
    .where('failures', '<', MAX_DEVICE_FAILURES)
    .returning('id')
    .executeTakeFirst();
  return recorded !== undefined;
}

/** Undoes the count of the last attempt. */
export async function undoDeviceAttempt(db: Database, deviceId: number): Promise<void> {
  await db
    .updateTable('devices')
    .set({ failures: sql<number>`greatest(failures - 1, 0)` })
    .where('id', '=', deviceId)
    .execute();
}

/** Reserves an id for a device that may become known soon; no other device gets it. */
export async function newDeviceId(db: Database): Promise<number> {
  const { id } = await db
    .selectNoFrom(sql<number>`nextval(pg_get_serial_sequence('devices', 'id'))`.as('id'))
    .executeTakeFirstOrThrow();
  return id;
}

/** Forgets the failures of a device. */
export async function clearDeviceAttempts(db: Database, deviceId: number): Promise<void> {
  await db.updateTable('devices').set({ failures: 0 }).where('id', '=', deviceId).execute();
}

/** Forgets a device after an attempt that failed, if it was the last one that is allowed. */
export async function forgetFailedDevice(
  db: Database,
  deviceId: number,
  from: Client,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const forgotten = await trx
      .deleteFrom('devices')
      .where('id', '=', deviceId)
      .where('failures', '>=', MAX_DEVICE_FAILURES)
      .returning('user_id')
      .executeTakeFirst();
    if (forgotten === undefined) return;
    await insertEvent(trx, { kind: 'device failed', userId: forgotten.user_id, ...from });
  });
}

interface NewDevice extends Client {
  /** 256 random bits, as the cookie has them. */
  value: string;
  /** Whether it is trusted from now on; undefined: as before. */
  isTrusted?: boolean | undefined;
  /** From `newDeviceId`, for a device that is not known yet; undefined for any id. */
  deviceId?: number | undefined;
}

/**
 * Makes the device of a log in known under a new value. If the presented value is that of a known device,
 * its row gets the new value, so that the old one is no longer valid. The caller has locked the user's row.
 *
 * @returns the device's id, which it keeps
 */
export async function replaceDevice(
  trx: Transaction,
  userId: number,
  presented: string | undefined,
  { value, isTrusted, deviceId, ip, userAgent }: NewDevice,
): Promise<number> {
  const row = {
    digest: digest(value),
    logged_in_at: sql<Date>`now()`,
    ip,
    user_agent: userAgent,
    failures: 0,
    ...(isTrusted !== undefined && { trusted_until: isTrusted ? trustEnd : null }),
  };
  const known = presented === undefined ? undefined : await findDevice(trx, userId, presented);
  if (known !== undefined) {
    await trx.updateTable('devices').set(row).where('id', '=', known.id).execute();
    return known.id;
  }
  const { id } = await trx
    .insertInto('devices')
    .values({ user_id: userId, ...row, ...(deviceId !== undefined && { id: deviceId }) })
    .returning('id')
    .executeTakeFirstOrThrow();
  await forgetExcessDevices(trx, userId);
  return id;
}

async function forgetExcessDevices(trx: Transaction, userId: number): Promise<void> {
  await trx
    .deleteFrom('devices')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('devices')
        .select('id')
        .where('user_id', '=', userId)
        .orderBy('logged_in_at', 'desc')
        .orderBy('id', 'desc')
        .offset(MAX_DEVICES),
    )
    .execute();
}

/** Forgets a device of a user. Returns false if it is another user's or was forgotten already. */
export async function forgetDevice(
  db: Database,
  userId: number,
  deviceId: number,
  from: Client,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await lockUserById(trx, userId);
    const forgotten = await trx
      .deleteFrom('devices')
      .where('id', '=', deviceId)
      .where('user_id', '=', userId)
      .returning('id')
      .executeTakeFirst();
    if (forgotten === undefined) return false;
    await insertEvent(trx, { kind: 'device forgotten', userId, ...from });
    return true;
  });
}

/**
 * Forgets the devices of a user whose password or two-factor authentication changes, or who is
 * disabled.
 *
 * @param except the device that stays known; it is no longer trusted
 */
export async function forgetDevices(
  trx: Transaction,
  userId: number,
  { except }: { except?: number | undefined } = {},
): Promise<void> {
  await trx
    .deleteFrom('devices')
    .where('user_id', '=', userId)
    .where('id', '<>', except ?? 0)
    .execute();
  await trx
    .updateTable('devices')
    .set({ trusted_until: null })
    .where('user_id', '=', userId)
    .execute();
}

/** Deletes devices that are unknown again. */
export async function sweepDevices(db: Database): Promise<void> {
  await db
    .deleteFrom('devices')
    .where((eb) => eb.or([eb.not(isKnown), eb('failures', '>=', MAX_DEVICE_FAILURES)]))
    .execute();
}

export const isKnown = sql<boolean>`
  logged_in_at > now() - make_interval(days => ${sql.lit(DEVICE_DAYS)})`;

/** Of a known device. */
export const isTrusted = sql<boolean>`coalesce(trusted_until > now(), false)`;

const trustEnd = sql<Date>`now() + make_interval(days => ${sql.lit(TRUST_DAYS)})`;
