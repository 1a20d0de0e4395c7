import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { listKeyAddresses } from '../../db/api-keys/addresses.ts';
import type { KnownKey } from '../../db/api-keys/lookup.ts';
import { describeOnDatabase } from '../../db/testing/describe.ts';
import { addKey, addUser } from '../../db/testing/rows.ts';
import { createLogger } from '../http/logger.ts';
import { memoryLog } from '../testing/memory-log.ts';
import { collectKeyUses, MAX_SOURCES } from './uses.ts';

describeOnDatabase('the collected uses of keys', (on) => {
  const { stream, lines } = memoryLog();
  let users = 0;
  let key: KnownKey;
  let asked = 0;
  beforeEach(async () => {
    const username = `user${++users}`;
    const userId = await addUser(on.db, username);
    const id = await addKey(on.db, userId);
    key = {
      ...{ id, prefix: '', userId, username, permissions: [], expiresAt: null, state: 'active' },
      ...{ usedLately: true, retryAfterSeconds: null, endsSoon: false },
    };
    asked = 0;
    lines.length = 0;
  });

  const collect = () => collectKeyUses(on.db, createLogger(stream));
  function from(ip: string | null) {
    const client = () => {
      asked++;
      return { ip, userAgent: 'test' };
    };
    return { source: String(ip), client };
  }
  const networks = async () =>
    (await listKeyAddresses(on.db, key.id)).map(({ network }) => network);

  test('have every address, also between two recorded uses, and find each client once', async () => {
    const uses = collect();
    for (const ip of ['203.0.113.7', '203.0.113.8', '203.0.113.7', '203.0.113.8', null]) {
      uses.note(key, from(ip));
    }
    await uses.close();
    assert.deepEqual(await networks(), ['203.0.113.7/32', '203.0.113.8/32']);
    assert.equal(asked, 3);
    const { last_used_at } = await on.db
      .selectFrom('api_keys')
      .select('last_used_at')
      .where('id', '=', key.id)
      .executeTakeFirstOrThrow();
    assert.equal(last_used_at, null);
  });

  test('remember a limited number of sources', async () => {
    const uses = collect();
    // Nothing is written for them, since they have no address.
    for (let n = 0; n < MAX_SOURCES; n++) {
      uses.note(key, { source: String(n), client: () => ({ ip: null, userAgent: '' }) });
    }
    uses.note(key, from('203.0.113.7'));
    uses.note(key, { ...from('203.0.113.8'), source: '0' });
    await uses.close();
    assert.equal(asked, 2);
  });

  test('are kept while the database cannot be written', async () => {
    const uses = collect();
    await sql`alter table key_addresses rename to key_addresses_away`.execute(on.db);
    uses.note(key, from('203.0.113.7'));
    while (lines.length === 0) await new Promise(setImmediate);
    assert.match(lines[0] ?? '', /the addresses that use keys were not written/);
    await sql`alter table key_addresses_away rename to key_addresses`.execute(on.db);
    await uses.close();
    assert.deepEqual(await networks(), ['203.0.113.7/32']);
  });
});
