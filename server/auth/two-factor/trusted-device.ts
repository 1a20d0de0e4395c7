import type { Request } from 'express';
import type { Database } from '../../../db/database.ts';
import { findDevice } from '../../../db/devices.ts';
import { presentedDevice } from '../devices.ts';

/** Whether a user has said, with a code, that the device behind a request needs none for some time. */
export async function isTrustedDevice(
  db: Database,
  req: Request,
  userId: number,
): Promise<boolean> {
  const value = presentedDevice(req, userId);
  return value !== undefined && ((await findDevice(db, userId, value))?.isTrusted ?? false);
}
