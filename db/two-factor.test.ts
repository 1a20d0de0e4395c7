import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { Transaction } from './database.ts';
import { findDevice, replaceDevice } from './devices.ts';
import { consumeScratchCode, countScratchCodes, replaceScratchCodes } from './scratch-codes.ts';
import { describeOnEachDatabase } from './testing/describe.ts';
import { client } from './testing/rows.ts';
import {
  acceptStep,
  disableTwoFactor,
  enableTwoFactor,
  findPendingSecret,
  findSecret,
  hasTwoFactorUsers,
  keepPendingSecret,
  listSecretsOfOtherKeys,
  replaceSecret,
  sweepPendingSecrets,
} from './two-factor.ts';
import { insertUser } from './users.ts';

const SECRET = Buffer.from('an encrypted secret');
const digestOf = (text: string) => createHash('sha256').update(text).digest();

describeOnEachDatabase('two-factor authentication', (on) => {
  let serial = 0;
  let userId: number;
  beforeEach(async () => {
    userId = await newUser();
  });

  async function newUser(): Promise<number> {
    const id = await insertUser(on.db, { username: `user${++serial}`, passwordDigest: 'digest' });
    return id ?? 0;
  }

  const enable = (id: number, step = 0) =>
    on.db.transaction().execute((trx) => enableTwoFactor(trx, id, SECRET, step));

  const currentStep = async () => (await findSecret(on.db, userId))?.step ?? 0;

  /** How many of the answers are yes. */
  const count = (answers: boolean[]) => answers.filter(Boolean).length;

  test('a pending secret waits for 15 minutes, and the newest one counts', async () => {
    assert.equal(await keepPendingSecret(on.db, userId, Buffer.from('first')), true);
    assert.equal(await keepPendingSecret(on.db, userId, SECRET), true);
    assert.deepEqual((await findPendingSecret(on.db, userId))?.secret, SECRET);
    const age = (minutes: number) =>
      sql`update pending_two_factor set created_at = now() - make_interval(mins => ${minutes}::int)
        where user_id = ${userId}`.execute(on.db);
    await age(14);
    await sweepPendingSecrets(on.db);
    assert.ok(await findPendingSecret(on.db, userId));
    await age(15);
    assert.equal(await findPendingSecret(on.db, userId), undefined);
    await sweepPendingSecrets(on.db);
    await age(0);
    assert.equal(await findPendingSecret(on.db, userId), undefined);
  });

  test('once it is enabled, a pending secret is deleted, and no new one is kept', async () => {
    await keepPendingSecret(on.db, userId, SECRET);
    await enable(userId);
    assert.equal(await findPendingSecret(on.db, userId), undefined);
    assert.equal(await keepPendingSecret(on.db, userId, SECRET), false);
    assert.equal(await findPendingSecret(on.db, userId), undefined);
  });

  test('the step is that of RFC 6238 by the clock of the database', async () => {
    await enable(userId);
    const { rows } = await sql<{ seconds: number }>`
      select extract(epoch from now())::int as seconds`.execute(on.db);
    const difference = (rows[0]?.seconds ?? 0) / 30 - (await currentStep());
    assert.ok(Math.abs(difference) <= 1.1, `${difference}`);
  });

  test('each step is accepted once, also by two at the same time', async () => {
    await enable(userId);
    const step = await currentStep();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => acceptStep(on.db, userId, step)),
    );
    assert.equal(count(answers), 1);
    assert.equal(await acceptStep(on.db, userId, step), false);
  });

  test('no step before the last accepted one is accepted, nor the step that enabled it', async () => {
    await enable(userId);
    const step = await currentStep();
    assert.equal(await acceptStep(on.db, userId, step), true);
    assert.equal(await acceptStep(on.db, userId, step - 1), false);
    const other = await newUser();
    await enable(other, step);
    assert.equal(await acceptStep(on.db, other, step), false);
  });

  test('a step is accepted only within one step of the clock', async () => {
    await enable(userId);
    const step = await currentStep();
    for (const far of [-3, 3, 1_000_000]) {
      assert.equal(await acceptStep(on.db, userId, step + far), false, `${far}`);
    }
    assert.equal(await acceptStep(on.db, userId, step + 1), true);
  });

  test('a step that one user has used can be used by another', async () => {
    const other = await newUser();
    await enable(userId);
    await enable(other);
    const step = await currentStep();
    assert.equal(await acceptStep(on.db, userId, step), true);
    assert.equal(await acceptStep(on.db, other, step), true);
  });

  test('a scratch code is used up once, and only by its user', async () => {
    const other = await newUser();
    for (const id of [userId, other]) await enable(id);
    assert.equal(await countScratchCodes(on.db, userId), 0);
    const digests = ['one', 'two', 'three'].map(digestOf);
    await on.db.transaction().execute((trx) => replaceScratchCodes(trx, userId, digests));
    assert.equal(await countScratchCodes(on.db, userId), 3);
    assert.equal(await consumeScratchCode(on.db, other, digestOf('one')), false);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => consumeScratchCode(on.db, userId, digestOf('one'))),
    );
    assert.equal(count(answers), 1);
    assert.equal(await countScratchCodes(on.db, userId), 2);
    assert.equal(await consumeScratchCode(on.db, userId, digestOf('four')), false);
  });

  test('new scratch codes replace the old ones', async () => {
    await enable(userId);
    const replace = (codes: string[]) =>
      on.db.transaction().execute((trx) => replaceScratchCodes(trx, userId, codes.map(digestOf)));
    await replace(['old']);
    await replace(['new']);
    assert.equal(await consumeScratchCode(on.db, userId, digestOf('old')), false);
    assert.equal(await consumeScratchCode(on.db, userId, digestOf('new')), true);
  });

  test('disabling deletes the secret and the scratch codes', async () => {
    await enable(userId);
    await on.db.transaction().execute((trx) => replaceScratchCodes(trx, userId, [digestOf('one')]));
    assert.equal(await hasTwoFactorUsers(on.db), true);
    await on.db.transaction().execute((trx) => disableTwoFactor(trx, userId));
    assert.equal(await findSecret(on.db, userId), undefined);
    assert.equal(await countScratchCodes(on.db, userId), undefined);
    assert.equal(await consumeScratchCode(on.db, userId, digestOf('one')), false);
  });

  test('a secret is replaced only if it is still the one that was read', async () => {
    await enable(userId);
    assert.equal(await replaceSecret(on.db, userId, Buffer.from('another'), SECRET), false);
    assert.equal(await replaceSecret(on.db, userId, SECRET, Buffer.from('re-encrypted')), true);
    assert.deepEqual((await findSecret(on.db, userId))?.secret, Buffer.from('re-encrypted'));
  });

  test('secrets encrypted with other keys are recognized by how they begin', async () => {
    await enable(userId);
    const others = async (keyId: string) =>
      (await listSecretsOfOtherKeys(on.db, Buffer.from(keyId))).map((row) => row.userId);
    assert.ok(!(await others('an encry')).includes(userId));
    assert.ok((await others('an encrx')).includes(userId));
  });

  test("enabling and disabling forget the user's devices", async () => {
    const device = { value: 'of the device', isTrusted: true, ...client };
    const change = async (act: (trx: Transaction) => Promise<unknown>) => {
      await on.db.transaction().execute(async (trx) => {
        await replaceDevice(trx, userId, undefined, device);
        await act(trx);
      });
      assert.equal(await findDevice(on.db, userId, device.value), undefined);
    };
    await change((trx) => enableTwoFactor(trx, userId, SECRET, 0));
    await change((trx) => disableTwoFactor(trx, userId));
  });
});
