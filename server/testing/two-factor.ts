import assert from 'node:assert/strict';
import type { Database } from '../../db/database.ts';
import { replaceScratchCodes } from '../../db/scratch-codes.ts';
import { enableTwoFactor, findSecret } from '../../db/two-factor.ts';
import { findUser } from '../../db/users.ts';
import { createEncryption } from '../auth/two-factor/encryption.ts';
import { codeOfStep, newTotpSecret } from '../auth/two-factor/totp.ts';
import { newScratchCodes, scratchCodeDigest } from '../auth/two-factor/typed-code.ts';

/** The encryption key of the apps in tests. */
export const ENCRYPTION_KEY = 'a key of the tests and of nothing else';

export type Phone = Awaited<ReturnType<typeof newPhone>>;

/** Enables two-factor authentication for a user, and returns what the user's phone can do then. */
export async function newPhone(db: Database, username: string, keys = [ENCRYPTION_KEY]) {
  const user = await findUser(db, username);
  const encryption = createEncryption(keys);
  assert.ok(user && encryption);
  const { id } = user;
  const secret = newTotpSecret();
  const scratchCodes = newScratchCodes();
  await db.transaction().execute(async (trx) => {
    await enableTwoFactor(trx, id, encryption.encrypt(id, secret), 0);
    await replaceScratchCodes(trx, id, scratchCodes.map(scratchCodeDigest));
  });

  return {
    scratchCodes,
    /** The code that the phone shows, by the database's clock. */
    code: async () => codeOfStep(secret, await currentStep()),
    /** The current code, which is accepted even if it was used: the last used step is forgotten. */
    async unusedCode() {
      await db.updateTable('two_factor').set({ last_step: 0 }).where('user_id', '=', id).execute();
      return codeOfStep(secret, await currentStep());
    },
    /** Six digits that are not the code of the current step or of one near it. */
    async wrongCode() {
      const step = await currentStep();
      const near = [-2, -1, 0, 1, 2].map((difference) => codeOfStep(secret, step + difference));
      return (
        ['000000', '111111', '222222', '333333', '444444', '555555'].find(
          (code) => !near.includes(code),
        ) ?? ''
      );
    },
  };

  async function currentStep(): Promise<number> {
    return (await findSecret(db, id))?.step ?? 0;
  }
}
