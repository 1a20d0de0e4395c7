import type { Logger } from 'pino';
import type { Client } from '../../db/events.ts';
import { isWellFormed, prefixOf } from '../api-keys/secret.ts';

/** How many refused checks each process logs in a minute. */
export const LOGGED_A_MINUTE = 60;

interface RefusedCheck {
  status: number;
  /** An outcome of key-checks/outcomes.ts, or `permission` where one is missing. */
  outcome: string;
  presented: ReadonlySet<string>;
  client(): Client;
}

/**
 * Logs refused gateway checks, so that an operator sees which program still uses a removed key. Anybody
 * can cause them, so their number in a minute is limited. The next line says how many were not logged.
 *
 * @param clock in milliseconds, from any moment
 */
export function refusedChecksLog(
  log: Logger,
  clock: () => number = () => performance.now(),
): (check: RefusedCheck) => void {
  let minute = 0;
  let count = 0;
  return ({ status, outcome, presented, client }) => {
    const now = Math.floor(clock() / 60_000);
    const notLogged = now === minute ? 0 : Math.max(0, count - LOGGED_A_MINUTE);
    count = now === minute ? count + 1 : 1;
    minute = now;
    if (count > LOGGED_A_MINUTE) return;
    log.info(
      {
        path: '/auth/verify',
        status,
        outcome,
        ip: client().ip,
        keys: [...presented].filter(isWellFormed).map(prefixOf),
        ...(notLogged > 0 && { notLogged }),
      },
      'check refused',
    );
  };
}
