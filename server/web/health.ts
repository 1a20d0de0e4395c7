import type { RequestHandler } from 'express';
import type { Database } from '../../db/database.ts';
import { isMigrated } from '../../db/migrate.ts';

/** The process lives. */
export const healthz: RequestHandler = (_req, res) => {
  res.type('text').send('ok\n');
};

/** The process can serve: its database answers and is migrated, and it is not about to stop. */
export function readyz(db: Database, stopping: AbortSignal): RequestHandler {
  return async (_req, res) => {
    const ready = !stopping.aborted && (await isMigrated(db).catch(() => false));
    res
      .status(ready ? 200 : 503)
      .type('text')
      .send(ready ? 'ready\n' : 'not ready\n');
  };
}
