import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { forgetDevice, replaceDevice, TRUST_DAYS } from '../devices.ts';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addUser, client } from '../testing/rows.ts';
import { insertSession, renewSession } from './change.ts';
import { endSession } from './end.ts';
import { listSignIns } from './sign-ins.ts';

describeOnEachDatabase('where a user is signed in', (on) => {
  let userId: number;
  beforeEach(async () => {
    userId = await addUser(on.db, `user-${randomUUID()}`.slice(0, 32));
  });

  async function logIn({ user = userId, isTrusted = false } = {}) {
    const session = { id: randomUUID(), userId: user, csrfSecret: randomUUID() };
    const device = { value: randomUUID(), isTrusted, ...client };
    return on.db.transaction().execute(async (trx) => {
      const deviceId = await replaceDevice(trx, user, undefined, device);
      await insertSession(trx, { ...session, deviceId, ...client });
      return { id: session.id, deviceId };
    });
  }

  const list = (currentId = '') => listSignIns(on.db, userId, currentId);

  test('the sessions come first, each with its device, and then devices without one', async () => {
    const signedOut = await logIn();
    await endSession(on.db, signedOut.id);
    const trusted = await logIn({ isTrusted: true });
    const current = await logIn();
    const bob = await addUser(on.db, `user-${randomUUID()}`.slice(0, 32));
    await logIn({ user: bob });
    const rows = await list(current.id);
    assert.deepEqual(
      rows.map(({ deviceId, isCurrent, sessionId, trustedUntil }) => ({
        deviceId,
        isCurrent,
        isSignedIn: sessionId !== null,
        isTrusted: trustedUntil !== null,
      })),
      [
        { deviceId: current.deviceId, isCurrent: true, isSignedIn: true, isTrusted: false },
        { deviceId: trusted.deviceId, isCurrent: false, isSignedIn: true, isTrusted: true },
        { deviceId: signedOut.deviceId, isCurrent: false, isSignedIn: false, isTrusted: false },
      ],
    );
    for (const { ip, userAgent } of rows) assert.deepEqual({ ip, userAgent }, client);
    const { trustedUntil, readAt } = rows[1] ?? assert.fail();
    const days = (Number(trustedUntil) - Number(readAt)) / (24 * 60 * 60 * 1_000);
    assert.ok(Math.abs(days - TRUST_DAYS) < 0.1, `${days}`);
  });

  test('a session stays when its device is forgotten or unknown again', async () => {
    const one = await logIn();
    const other = await logIn();
    assert.equal(await forgetDevice(on.db, userId, one.deviceId, client), true);
    await sql`update devices set logged_in_at = now() - interval '1 year' where id = ${other.deviceId}`.execute(
      on.db,
    );
    const rows = await list();
    assert.equal(rows.length, 2);
    for (const { sessionId, deviceId } of rows) {
      assert.ok(sessionId);
      assert.equal(deviceId, null);
    }
  });

  test('a renewed session keeps its device', async () => {
    const { id, deviceId } = await logIn();
    const newId = randomUUID();
    await on.db.transaction().execute((trx) => renewSession(trx, id, newId));
    const rows = await list(newId);
    assert.deepEqual(
      rows.map(({ deviceId, isCurrent }) => ({ deviceId, isCurrent })),
      [{ deviceId, isCurrent: true }],
    );
  });

  test('trust that has ended is not listed', async () => {
    const { deviceId } = await logIn({ isTrusted: true });
    await sql`update devices set trusted_until = now() where id = ${deviceId}`.execute(on.db);
    assert.equal((await list())[0]?.trustedUntil, null);
  });
});
