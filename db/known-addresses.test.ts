import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import {
  forgetAddresses,
  KNOWN_ADDRESS_DAYS,
  lookUpAddress,
  rememberAddress,
  sweepKnownAddresses,
} from './known-addresses.ts';
import { describeOnEachDatabase } from './testing/describe.ts';
import { addUser } from './testing/rows.ts';
import { changePasswordDigest } from './users.ts';

const HOME = '203.0.113.7';
const OFFICE = '2001:db8:1:2::3';

describeOnEachDatabase('known addresses', (on) => {
  let username: string;
  let user: { id: number; passwordDigest: string };
  beforeEach(async () => {
    username = `user-${randomUUID()}`.slice(0, 32);
    user = { id: await addUser(on.db, username), passwordDigest: '' };
  });

  const kind = async (ip: string | null, name = username) =>
    (await lookUpAddress(on.db, name, ip)).kind;
  const letTimePass = (days: number) =>
    sql`update known_addresses set last_used_at = last_used_at - ${days} * interval '1 day'`.execute(
      on.db,
    );

  test('an address belongs to its networks', async () => {
    assert.deepEqual((await lookUpAddress(on.db, 'unknown', HOME)).networks, ['203.0.113.7/32']);
    assert.deepEqual((await lookUpAddress(on.db, 'unknown', '2001:db8:1:2ff::3')).networks, [
      '2001:db8:1:2ff::/64',
      '2001:db8:1:200::/56',
      '2001:db8:1::/48',
    ]);
    assert.deepEqual(await lookUpAddress(on.db, username, null), { kind: 'none', networks: [] });
  });

  test('an address is known to one user, in any case of the name, IPv6 by its /64', async () => {
    await rememberAddress(on.db, user, HOME);
    await rememberAddress(on.db, user, OFFICE);
    await rememberAddress(on.db, user, null);
    await addUser(on.db, `${username.slice(0, -1)}x`);
    assert.equal(await kind(HOME), 'known');
    assert.equal(await kind(HOME, username.toUpperCase()), 'known');
    assert.equal(await kind('2001:db8:1:2:ffff::1'), 'known');
    assert.equal(await kind('2001:db8:1:3::3'), 'new');
    assert.equal(await kind('203.0.113.8'), 'new');
    assert.equal(await kind(HOME, `${username.slice(0, -1)}x`), 'new');
    assert.equal(await kind(HOME, 'unknown'), 'new');
  });

  test(`an address is known for ${KNOWN_ADDRESS_DAYS} days after its last use`, async () => {
    await rememberAddress(on.db, user, HOME);
    await rememberAddress(on.db, user, OFFICE);
    await letTimePass(KNOWN_ADDRESS_DAYS - 1);
    await rememberAddress(on.db, user, OFFICE);
    assert.equal(await kind(HOME), 'known');
    await letTimePass(1);
    assert.equal(await kind(HOME), 'new');
    assert.equal(await kind(OFFICE), 'known');
    await sweepKnownAddresses(on.db);
    const left = await on.db
      .selectFrom('known_addresses')
      .select('network')
      .where('user_id', '=', user.id)
      .execute();
    assert.deepEqual(left, [{ network: '2001:db8:1:2::/64' }]);
  });

  test('all addresses of a user are forgotten', async () => {
    for (const ip of [HOME, OFFICE]) await rememberAddress(on.db, user, ip);
    await on.db.transaction().execute((trx) => forgetAddresses(trx, user.id));
    assert.deepEqual([await kind(HOME), await kind(OFFICE)], ['new', 'new']);
  });

  test('after a change of password, a check of the old one makes no address known', async () => {
    await changePasswordDigest(on.db, user.id, 'another');
    await rememberAddress(on.db, user, HOME);
    assert.equal(await kind(HOME), 'new');
  });
});
