import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser } from '../testing/rows.ts';
import {
  listKeyAddresses,
  MAX_KEY_ADDRESSES,
  recordKeyAddresses,
  sweepKeyAddresses,
} from './addresses.ts';

describeOnEachDatabase('the addresses that use a key', (on) => {
  let id: number;
  let users = 0;
  beforeEach(async () => {
    id = await addKey(on.db, await addUser(on.db, `user${++users}`));
  });

  const record = (...ips: string[]) =>
    recordKeyAddresses(
      on.db,
      ips.map((ip) => ({ keyId: id, ip })),
    );
  const networks = async () => (await listKeyAddresses(on.db, id)).map(({ network }) => network);
  const age = (interval: string) =>
    sql`update key_addresses set last_used_at = last_used_at - ${interval}::interval
      where key_id = ${id}`.execute(on.db);
  const rows = async () =>
    (await on.db.selectFrom('key_addresses').select('network').where('key_id', '=', id).execute())
      .length;

  test('are IPv4 addresses and the /64 of IPv6 addresses, each once', async () => {
    await record('203.0.113.7', '2001:db8::1', '2001:db8::2', '203.0.113.7');
    await record('2001:db8::3');
    assert.deepEqual(await networks(), ['203.0.113.7/32', '2001:db8::/64']);
    await recordKeyAddresses(on.db, [{ keyId: id + 1_000, ip: '203.0.113.7' }]);
    assert.deepEqual(await listKeyAddresses(on.db, id + 1_000), []);
    await recordKeyAddresses(on.db, []);
  });

  test('are recorded again after 10 minutes, and the latest is the first', async () => {
    await record('203.0.113.7');
    await age('2 minutes');
    await record('203.0.113.8');
    await age('7 minutes');
    await record('203.0.113.7');
    assert.deepEqual(await networks(), ['203.0.113.8/32', '203.0.113.7/32']);
    await age('1 minute');
    await record('203.0.113.7');
    assert.deepEqual(await networks(), ['203.0.113.7/32', '203.0.113.8/32']);
  });

  test('are the latest, up to a limit, and those of the last 30 days', async () => {
    const ips = Array.from({ length: MAX_KEY_ADDRESSES + 5 }, (_, n) => `203.0.113.${n}`);
    for (const ip of ips.slice(0, 5)) {
      await record(ip);
      await age('1 minute');
    }
    await record(...ips.slice(5));
    assert.equal(await rows(), MAX_KEY_ADDRESSES);
    assert.ok(!(await networks()).includes('203.0.113.4/32'));

    await age('30 days');
    await record('203.0.113.7');
    assert.deepEqual(await networks(), ['203.0.113.7/32']);
    await sweepKeyAddresses(on.db);
    assert.equal(await rows(), 1);
  });
});
