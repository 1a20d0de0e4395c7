import { type KeyLookup, keyFinder, openKeyLookup } from '../api-keys/lookup.ts';
import { type Database, serversAt } from '../database.ts';
import { StandbyUnusable } from '../errors.ts';
import type { PostgresLocation, StandbyLocation } from '../location.ts';
import { openPool, withTimeouts } from '../pool.ts';
import { runnerOn } from '../pooler.ts';
import { Watched } from './watched.ts';

/**
 * Looks up keys on a standby, while every change that the primary confirms has been applied there;
 * otherwise on the primary, or not at all.
 *
 * @param changed is called when the standby must no longer be read, with the reason in words, and when it may
 *   be read again, with undefined.
 * @throws {OperatorError} where the role of DATABASE_URL may not see the standbys.
 */
export async function openStandbyLookup(
  db: Database,
  location: PostgresLocation,
  standby: StandbyLocation,
  changed: (problem: string | undefined) => void,
): Promise<KeyLookup> {
  const servers = serversAt(location, db);
  const primary = openPool(servers, { ...withTimeouts(location), max: 1 });
  const watched = new Watched(primary, standby.url, changed);
  try {
    await watched.start();
  } catch (error) {
    await watched.stop();
    await primary.end();
    throw error;
  }
  const fallback = standby.otherwise === 'primary' ? openKeyLookup(db, location) : undefined;
  const find = keyFinder(db);
  return {
    async find(digests) {
      try {
        return await watched.use((client) => find(runnerOn(client, standby), digests));
      } catch (error) {
        if (fallback) return fallback.find(digests);
        throw error instanceof StandbyUnusable ? error : new StandbyUnusable(error);
      }
    },
    get isReady() {
      return fallback !== undefined || watched.isReady;
    },
    async close() {
      await watched.stop();
      await Promise.all([primary.end(), fallback?.close()]);
    },
  };
}
