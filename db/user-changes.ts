// What an operator changes about users: each change and its event are one transaction.
import type { Database } from './database.ts';
import { forgetDevices } from './devices.ts';
import { type Client, insertEvent } from './events.ts';
import { forgetAddresses } from './known-addresses.ts';
import { changeSeenByChecks } from './seen-by-checks.ts';
import { endSessionsOf } from './sessions/end.ts';
import { disableTwoFactor } from './two-factor.ts';
import {
  changePasswordDigest,
  changePermissions,
  describeUser,
  insertUser,
  lockUserById,
  type NewUser,
  setDisabled,
} from './users.ts';

interface UserName {
  id: number;
  username: string;
}

/** Adds a user, and returns their permissions; undefined where the name is taken. */
export async function addUser(
  db: Database,
  user: NewUser,
  from: Client,
): Promise<string[] | undefined> {
  return db.transaction().execute(async (trx) => {
    const userId = await insertUser(trx, user);
    if (userId === undefined) return undefined;
    await insertEvent(trx, { kind: 'user added', userId, ...from });
    return (await describeUser(trx, userId)).permissions;
  });
}

/** Disables a user, ends their sessions and forgets their devices. Checks refuse their keys from then on. */
export async function disableUser(db: Database, user: UserName, from: Client): Promise<void> {
  await changeSeenByChecks(db, async (trx) => {
    await setDisabled(trx, user.username, true);
    await endSessionsOf(trx, user.username);
    await forgetDevices(trx, user.id);
    await insertEvent(trx, { kind: 'user disabled', userId: user.id, ...from });
  });
}

/** Enables a disabled user. */
export async function enableUser(db: Database, user: UserName, from: Client): Promise<void> {
  await changeSeenByChecks(db, async (trx) => {
    await setDisabled(trx, user.username, false);
    await insertEvent(trx, { kind: 'user enabled', userId: user.id, ...from });
  });
}

/**
 * Sets another password for a user, ends their sessions and forgets their devices and addresses.
 *
 * @param isTemporary as in `changePasswordDigest`
 */
export async function setPassword(
  db: Database,
  user: UserName,
  { passwordDigest, isTemporary }: { passwordDigest: string; isTemporary: boolean },
  from: Client,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await changePasswordDigest(trx, user.id, passwordDigest, { isTemporary });
    await endSessionsOf(trx, user.username);
    await forgetDevices(trx, user.id);
    await forgetAddresses(trx, user.id);
    await insertEvent(trx, { kind: 'password changed', userId: user.id, ...from });
  });
}

/** Disables two-factor authentication of a user who can't do so. Returns false if it was not enabled. */
export async function turnOffTwoFactor(
  db: Database,
  user: UserName,
  from: Client,
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await lockUserById(trx, user.id);
    if (!(await disableTwoFactor(trx, user.id))) return false;
    await insertEvent(trx, { kind: 'two-factor disabled', userId: user.id, ...from });
    return true;
  });
}

/** Sets what a user may do; `*` is everything. The next check of one of their keys uses it. */
export async function setPermissions(
  db: Database,
  user: UserName,
  permissions: string[],
  from: Client,
): Promise<void> {
  await changeSeenByChecks(db, async (trx) => {
    const { permissions: before } = await describeUser(trx, user.id);
    await changePermissions(trx, user.id, permissions);
    const details = { before, after: permissions };
    await insertEvent(trx, { kind: 'permissions changed', userId: user.id, details, ...from });
  });
}
