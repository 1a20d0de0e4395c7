import type { Request } from 'express';
import type { Database } from '../../../db/database.ts';

/** Whether a user has said that the device behind a request needs no code. There are none so far. */
export async function isTrustedDevice(
  _db: Database,
  _req: Request,
  _userId: number,
): Promise<boolean> {
  return false;
}
