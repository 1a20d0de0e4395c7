import type { Logger } from 'pino';
import { type KeyLookup, openKeyLookup } from '../../db/api-keys/lookup.ts';
import type { Database } from '../../db/database.ts';
import type { DatabaseLocation, StandbyLocation } from '../../db/location.ts';
import { openStandbyLookup } from '../../db/standby/lookup.ts';

interface Locations {
  database: DatabaseLocation;
  standby: StandbyLocation | undefined;
}

/**
 * Opens what checks are read from: the configured standby, or the database.
 *
 * @throws {OperatorError} where the role may not do what reading from a standby requires.
 */
export async function openLookup(
  db: Database,
  { database, standby }: Locations,
  log: Logger,
): Promise<KeyLookup> {
  if (!standby || !('url' in database)) return openKeyLookup(db, database);
  return openStandbyLookup(db, database, standby, (problem) => {
    if (problem === undefined) log.info('checks are read from the standby');
    else log.warn({ problem }, 'checks can not be read from the standby');
  });
}
