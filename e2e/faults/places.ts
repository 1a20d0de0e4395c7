// What the fault tests stand on, and why they are skipped where it is not there.
import { findPrograms } from '../../db/testing/postgres.ts';

export const noCluster =
  findPrograms() === undefined && 'there are no programs of PostgreSQL to start a private one with';

export const SESSION_SECRET = 'shared by all copies and long enough';
