import type { Logger } from 'pino';
import { type KeyUse, recordKeyUses } from '../../db/api-keys/uses.ts';
import type { Database } from '../../db/database.ts';
import type { Client } from '../../db/events.ts';

const EVERY_MS = 1_000;

/**
 * Collects who used which key, and writes it about once a second in one statement: a write for
 * each request would cost most of the throughput. `close()` writes what is left.
 */
export function collectKeyUses(db: Database, log: Logger) {
  const uses = new Map<number, KeyUse>();
  const timer = setInterval(flush, EVERY_MS).unref();

  return {
    note(keyId: number, client: Client) {
      uses.set(keyId, { keyId, ...client });
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };

  async function flush(): Promise<void> {
    if (uses.size === 0) return;
    const batch = [...uses.values()];
    uses.clear();
    try {
      await recordKeyUses(db, batch);
    } catch (err) {
      log.error({ err }, 'the last uses of keys were not written');
      for (const use of batch) if (!uses.has(use.keyId)) uses.set(use.keyId, use);
    }
  }
}
