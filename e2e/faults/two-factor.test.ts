// The app is killed just after it has accepted a code, and must not accept it again.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { startCluster } from '../../db/testing/postgres.ts';
import { codeOfStep } from '../../server/auth/two-factor/totp.ts';
import { freePort, RunningProcess } from '../../server/testing/processes.ts';
import { ENCRYPTION_KEY } from '../../server/testing/two-factor.ts';
import { Visitor } from '../../server/testing/visitor.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

const USERNAME = 'linodedemo';
const PASSWORD = 'a given password';
const PAGE = '/login/two-factor';

describe('a code that was accepted', () => {
  test('is not accepted again after a kill, on the embedded database', async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'two-factor-'));
    t.after(() => rmSync(folder, { recursive: true }));
    await replayAfterKill({ DATA_DIR: path.join(folder, 'data') });
  });

  test('is not accepted again after a kill, on PostgreSQL', { skip: noCluster }, async (t) => {
    const cluster = await startCluster();
    assert.ok(cluster);
    t.after(() => cluster.stop());
    await replayAfterKill({ DATABASE_URL: cluster.url, SESSION_SECRET, ENCRYPTION_KEY });
  });
});

async function replayAfterKill(database: Record<string, string>): Promise<void> {
  const env = { ...database, PORT: await freePort(), FIRST_PASSWORD: PASSWORD };
  const killed = new RunningProcess(env);
  const origin = await killed.started();
  try {
    const secret = await enable(origin);
    const visitors = await Promise.all(Array.from({ length: 3 }, () => givePassword(origin)));
    // The code of the next step, which was not used and is within the tolerance.
    const token = codeOfStep(secret, currentStep() + 1);
    const answers = visitors.map((visitor) => visitor.post(PAGE, { token }).catch(() => undefined));
    await Promise.any(answers.map(accepted));
    await killed.kill();
    const all = (await Promise.all(answers)).filter((answer) => answer?.status === 303);
    assert.equal(all.length, 1);

    const restarted = new RunningProcess(env);
    try {
      await restarted.started();
      const visitor = await givePassword(origin);
      const replayed = await visitor.post(PAGE, { token });
      assert.equal(replayed.status, 401);
      assert.match(replayed.body, /This code has been used/);
      assert.match((await visitor.get('/')).location ?? '', /^\/login/);
    } finally {
      await restarted.kill();
    }
  } finally {
    await killed.kill();
  }
}

/** Enables two-factor authentication, and returns the secret. */
async function enable(origin: string): Promise<Buffer> {
  const visitor = new Visitor(origin);
  await visitor.logIn(USERNAME, PASSWORD);
  await visitor.authenticate(PASSWORD);
  const { secret } = await visitor.enableTwoFactor();
  return secret;
}

async function givePassword(origin: string): Promise<Visitor> {
  const visitor = new Visitor(origin);
  await visitor.logInWithoutCode(USERNAME, PASSWORD);
  return visitor;
}

async function accepted(answer: Promise<{ status: number } | undefined>): Promise<true> {
  if ((await answer)?.status !== 303) throw new Error('This code was not accepted.');
  return true;
}

/** By the clock of this machine, which is also the database's. */
function currentStep(): number {
  return Math.floor(Date.now() / 30_000);
}
