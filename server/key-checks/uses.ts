import type { Logger } from 'pino';
import {
  KEY_ADDRESS_MINUTES,
  type KeyAddressUse,
  recordKeyAddresses,
} from '../../db/api-keys/addresses.ts';
import type { KnownKey } from '../../db/api-keys/lookup.ts';
import { type KeyUse, recordKeyUses } from '../../db/api-keys/uses.ts';
import type { Database } from '../../db/database.ts';
import type { Sender } from '../http/client.ts';

const EVERY_MS = 1_000;
/** A little more than the time after which the database records an address again. */
const EACH_SOURCE_MS = KEY_ADDRESS_MINUTES * 60_000 + 5 * EVERY_MS;
/** How many sources are remembered; then the oldest is forgotten, and noted again earlier than needed. */
export const MAX_SOURCES = 50_000;
/** How many addresses are written at a time; those of further sources are noted at their next use. */
const MAX_ADDRESSES = 1_000;

/**
 * Collects the last use of each key, and the addresses that it was used from. Writes each of the two
 * about once a second, in one statement: a write for each request would cost most of the throughput.
 * `close()` writes what is left.
 */
export function collectKeyUses(db: Database, log: Logger) {
  const uses = new Map<number, KeyUse>();
  let addresses: KeyAddressUse[] = [];
  /** When each source of each key was noted, by `performance.now()`, the oldest first. */
  const notedAt = new Map<string, number>();
  const timer = setInterval(flush, EVERY_MS).unref();

  return {
    note({ id: keyId, usedLately }: KnownKey, from: Sender) {
      const isDue = takeSource(`${keyId} ${from.source}`);
      if (usedLately && !isDue) return;
      const client = from.client();
      if (!usedLately) uses.set(keyId, { keyId, ...client });
      if (isDue && client.ip !== null) addresses.push({ keyId, ip: client.ip });
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };

  /** Whether the address of a source of a key is to be noted now. The next time is EACH_SOURCE_MS later. */
  function takeSource(source: string): boolean {
    const now = performance.now();
    const noted = notedAt.get(source);
    if (noted !== undefined && now - noted < EACH_SOURCE_MS) return false;
    if (addresses.length >= MAX_ADDRESSES) return false;
    notedAt.delete(source);
    if (notedAt.size >= MAX_SOURCES) {
      const [oldest = ''] = notedAt.keys();
      notedAt.delete(oldest);
    }
    notedAt.set(source, now);
    return true;
  }

  async function flush(): Promise<void> {
    await Promise.all([flushUses(), flushAddresses()]);
  }

  async function flushUses(): Promise<void> {
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

  async function flushAddresses(): Promise<void> {
    if (addresses.length === 0) return;
    const batch = addresses;
    addresses = [];
    try {
      await recordKeyAddresses(db, batch);
    } catch (err) {
      log.error({ err }, 'the addresses that use keys were not written');
      addresses = [...batch, ...addresses].slice(0, MAX_ADDRESSES);
    }
  }
}
