// What the fault tests need, and why they are skipped without it.
import { findPrograms } from '../../db/testing/postgres.ts';

export const noCluster =
  findPrograms() === undefined &&
  'PostgreSQL is not installed, so no private server can be started';

export const SESSION_SECRET = 'shared by all instances and long enough';
