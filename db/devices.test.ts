import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import {
  clearDeviceAttempts,
  DEVICE_DAYS,
  findDevice,
  forgetDevice,
  forgetDevices,
  forgetFailedDevice,
  MAX_DEVICE_FAILURES,
  MAX_DEVICES,
  newDeviceId,
  recognizeDevice,
  recordDeviceAttempt,
  replaceDevice,
  sweepDevices,
  TRUST_DAYS,
  undoDeviceAttempt,
} from './devices.ts';
import { describeOnEachDatabase } from './testing/describe.ts';
import { addUser, client } from './testing/rows.ts';

describeOnEachDatabase('known devices', (on) => {
  let username: string;
  let userId: number;
  beforeEach(async () => {
    username = `user-${randomUUID()}`.slice(0, 32);
    userId = await addUser(on.db, username);
  });

  /** Logs in on a device, and returns the new value of its cookie. */
  async function logIn({
    presented,
    isTrusted,
    user = userId,
  }: {
    presented?: string;
    isTrusted?: boolean;
    user?: number;
  } = {}): Promise<string> {
    const value = randomUUID();
    const device = { value, isTrusted, ...client };
    await on.db.transaction().execute((trx) => replaceDevice(trx, user, presented, device));
    return value;
  }

  const find = (value: string, user = userId) => findDevice(on.db, user, value);
  const idOf = async (value: string) => (await find(value))?.id ?? 0;
  const recognize = (...values: string[]) => recognizeDevice(on.db, username, values);

  async function fail(value: string, times: number) {
    for (let time = 0; time < times; time++) {
      assert.equal(await recordDeviceAttempt(on.db, await idOf(value)), true);
      await forgetFailedDevice(on.db, await idOf(value), client);
    }
  }

  async function count(): Promise<number> {
    const { rows } = await sql`select id from devices where user_id = ${userId}`.execute(on.db);
    return rows.length;
  }

  const letTimePass = (days: number) =>
    sql`update devices set logged_in_at = logged_in_at - ${days} * interval '1 day',
      trusted_until = trusted_until - ${days} * interval '1 day'`.execute(on.db);

  const events = async () => {
    const rows = await on.db
      .selectFrom('events')
      .select('kind')
      .where('user_id', '=', userId)
      .execute();
    return rows.map(({ kind }) => kind);
  };

  test('each log in replaces the value; the device keeps its id, and the old value is unknown', async () => {
    const first = await logIn();
    const id = await idOf(first);
    const second = await logIn({ presented: first });
    assert.equal(await find(first), undefined);
    assert.equal(await idOf(second), id);
    assert.equal(await count(), 1);
  });

  test('a value that was made up or belongs to another user is never adopted', async () => {
    const bob = await addUser(on.db, `${username.slice(0, -1)}x`);
    const ofBob = await logIn({ user: bob, isTrusted: true });
    for (const presented of ['made up', ofBob]) {
      const value = await logIn({ presented });
      assert.equal(await find(presented), undefined);
      assert.equal((await find(value))?.isTrusted, false);
    }
    assert.equal((await find(ofBob, bob))?.isTrusted, true);
    assert.equal(await recognize(ofBob, 'made up'), undefined);
  });

  test('a device can take an id that was reserved for it, and no other device gets this id', async () => {
    const deviceId = await newDeviceId(on.db);
    const other = await logIn();
    const value = randomUUID();
    const device = { value, deviceId, ip: null, userAgent: 'test' };
    await on.db.transaction().execute((trx) => replaceDevice(trx, userId, undefined, device));
    assert.equal(await idOf(value), deviceId);
    assert.notEqual(await idOf(other), deviceId);
  });

  test('only a digest of the value is stored', async () => {
    const value = await logIn();
    const { rows } = await sql<{ text: string }>`select d::text as text from devices d`.execute(
      on.db,
    );
    assert.ok(rows.length > 0 && rows.every(({ text }) => !text.includes(value)));
  });

  test('a device is recognized by the name of its user, in any case', async () => {
    const value = await logIn();
    const id = await idOf(value);
    assert.equal(await recognizeDevice(on.db, username.toUpperCase(), ['other', value]), id);
    assert.equal(await recognizeDevice(on.db, 'unknown', [value]), undefined);
    assert.equal(await recognize(), undefined);
  });

  test(`after ${MAX_DEVICE_FAILURES} failures in a row a device is forgotten, with an event`, async () => {
    const value = await logIn({ isTrusted: true });
    await fail(value, MAX_DEVICE_FAILURES - 1);
    assert.ok(await recognize(value));
    assert.deepEqual(await events(), []);
    await fail(value, 1);
    assert.equal(await recognize(value), undefined);
    assert.equal(await find(value), undefined);
    assert.deepEqual(await events(), ['device failed']);
  });

  test('a success in between makes the failures start again', async () => {
    const value = await logIn();
    await fail(value, MAX_DEVICE_FAILURES - 1);
    await clearDeviceAttempts(on.db, await idOf(value));
    await fail(value, MAX_DEVICE_FAILURES - 1);
    const again = await logIn({ presented: value });
    await fail(again, MAX_DEVICE_FAILURES - 1);
    assert.ok(await recognize(again));
  });

  test('many attempts at once do not exceed the limit, and an attempt that is undone does not count', async () => {
    const value = await logIn();
    const id = await idOf(value);
    const attempts = Array.from({ length: 30 }, () => recordDeviceAttempt(on.db, id));
    const allowed = (await Promise.all(attempts)).filter((isAllowed) => isAllowed);
    assert.equal(allowed.length, MAX_DEVICE_FAILURES);
    assert.equal(await recognize(value), undefined);
    await undoDeviceAttempt(on.db, id);
    await forgetFailedDevice(on.db, id, client);
    assert.equal(await recognize(value), id);
  });

  test(`trust lasts ${TRUST_DAYS} days, whatever log ins follow, and a log in can end it`, async () => {
    let value = await logIn({ isTrusted: true });
    await letTimePass(TRUST_DAYS - 1);
    value = await logIn({ presented: value });
    assert.equal((await find(value))?.isTrusted, true);
    await letTimePass(1);
    assert.equal((await find(value))?.isTrusted, false);
    value = await logIn({ presented: value, isTrusted: true });
    assert.equal((await find(value))?.isTrusted, true);
    value = await logIn({ presented: value, isTrusted: false });
    assert.equal((await find(value))?.isTrusted, false);
  });

  test(`a device is known for ${DEVICE_DAYS} days after its last log in`, async () => {
    const old = await logIn();
    await letTimePass(DEVICE_DAYS - 1);
    const later = await logIn();
    assert.ok(await recognize(old));
    await letTimePass(1);
    assert.equal(await recognize(old), undefined);
    assert.equal(await find(old), undefined);
    assert.ok(await recognize(later));
    // A log in with its value does not take over its row either.
    await logIn({ presented: old });
    assert.equal(await count(), 3);
    await sweepDevices(on.db);
    assert.equal(await count(), 2);
  });

  test('the sweep deletes a device whose last attempt was never finished', async () => {
    const value = await logIn({ isTrusted: true });
    for (let time = 0; time < MAX_DEVICE_FAILURES; time++) {
      await recordDeviceAttempt(on.db, await idOf(value));
    }
    await sweepDevices(on.db);
    assert.equal(await find(value), undefined);
  });

  test(`beyond ${MAX_DEVICES} the oldest device of the user is forgotten`, async () => {
    const bob = await addUser(on.db, `${username.slice(0, -1)}y`);
    const ofBob = await logIn({ user: bob });
    const values = [];
    for (let n = 0; n < MAX_DEVICES; n++) values.push(await logIn());
    const [first = '', second = ''] = values;
    await logIn({ presented: first });
    await logIn();
    assert.equal(await find(second), undefined);
    assert.equal(await count(), MAX_DEVICES);
    assert.ok(await find(ofBob, bob));
  });

  test('a device is forgotten by its user only, with an event', async () => {
    const bob = await addUser(on.db, `${username.slice(0, -1)}z`);
    const value = await logIn();
    const id = await idOf(value);
    assert.equal(await forgetDevice(on.db, bob, id, client), false);
    assert.ok(await find(value));
    assert.equal(await forgetDevice(on.db, userId, id, client), true);
    assert.equal(await find(value), undefined);
    assert.equal(await forgetDevice(on.db, userId, id, client), false);
    assert.deepEqual(await events(), ['device forgotten']);
  });

  test('all devices of a user are forgotten, or all but one, which is trusted no more', async () => {
    const bob = await addUser(on.db, `${username.slice(0, -1)}w`);
    const ofBob = await logIn({ user: bob, isTrusted: true });
    const kept = await logIn({ isTrusted: true });
    const other = await logIn({ isTrusted: true });
    const forget = (except?: number) =>
      on.db.transaction().execute((trx) => forgetDevices(trx, userId, { except }));
    await forget(await idOf(kept));
    assert.equal(await find(other), undefined);
    assert.equal((await find(kept))?.isTrusted, false);
    await forget();
    assert.equal(await find(kept), undefined);
    assert.equal((await find(ofBob, bob))?.isTrusted, true);
  });
});
