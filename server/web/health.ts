import type { RequestHandler } from 'express';
import type { Database } from '../../db/database.ts';
import { isMigrated } from '../../db/migrate.ts';
import type { KeyChecks } from '../key-checks/check.ts';

/** How long an answer of the database is reused for other probes. */
const READY_MS = 1_000;

/** Answers as long as the process runs. */
export const healthz: RequestHandler = (_req, res) => {
  res.type('text').send('ok\n');
};

/**
 * Whether the process can serve: its database answers and is migrated, keys can be looked up, and it is
 * not about to stop.
 */
export function readyz(
  db: Database,
  checks: Pick<KeyChecks, 'isReady'>,
  stopping: AbortSignal,
): RequestHandler {
  const isReady = readiness(db);
  return async (_req, res) => {
    const ready = !stopping.aborted && checks.isReady && (await isReady());
    res
      .status(ready ? 200 : 503)
      .type('text')
      .send(ready ? 'ready\n' : 'not ready\n');
  };
}

/**
 * Asks the database at most once a second, however many probes there are, and never again before it
 * has answered.
 *
 * @param clock milliseconds since a fixed moment
 */
export function readiness(
  db: Database,
  clock: () => number = () => performance.now(),
): () => Promise<boolean> {
  let asking: Promise<boolean> | undefined;
  let staleAt = 0;
  return () => {
    if (asking && clock() < staleAt) return asking;
    const begun = clock();
    staleAt = Number.POSITIVE_INFINITY;
    asking = isMigrated(db)
      .catch(() => false)
      .finally(() => {
        staleAt = begun + READY_MS;
      });
    return asking;
  };
}
