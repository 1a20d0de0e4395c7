// The app is killed repeatedly while it creates, removes, restores, pauses, resumes and rotates keys.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import { type Cluster, startCluster } from '../../db/testing/postgres.ts';
import { freePort, RunningProcess } from '../../server/testing/processes.ts';
import { assertComplete, assertKept, type Owner, signInOwners } from './ledger.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

const KILLS = 20;
const OPERATIONS = 1_000;
const OWNERS = 8;

describe('an app that is killed', { skip: noCluster }, () => {
  let cluster: Cluster;
  let env: Record<string, string>;
  let app: RunningProcess;
  let origin: string;
  before(async () => {
    const started = await startCluster();
    assert.ok(started);
    cluster = started;
    env = { DATABASE_URL: cluster.url, SESSION_SECRET, PORT: await freePort() };
    app = new RunningProcess(env);
    origin = await app.started();
  });
  after(async () => {
    await app.kill();
    await cluster.stop();
  });

  test(`${KILLS} times in ${OPERATIONS} changes of keys keeps all it has acknowledged`, async () => {
    const db = await openDatabase({ url: cluster.url });
    const names = Array.from({ length: OWNERS }, (_, n) => `owner${n}`);
    const owners = await signInOwners(db, origin, names).finally(() => db.destroy());

    for (let kill = 1; kill <= KILLS; kill++) {
      await actUntil(owners, (OPERATIONS / KILLS) * kill);
      app = new RunningProcess(env);
      await app.started();
      await assertKept(origin, owners);
    }
    const unanswered = owners.flatMap((owner) => [
      ...owner.unansweredCreations,
      ...owner.unansweredRemovals,
      ...owner.unansweredChanges,
      ...owner.unansweredRotations,
    ]);
    assert.ok(unanswered.length > 0, 'no kill interrupted a request');
    await assertComplete(cluster.url, owners);
  });

  /** All owners act at once; the one that reaches the number kills the app while the others act. */
  async function actUntil(owners: Owner[], acknowledged: number): Promise<void> {
    const { child } = app;
    const sum = () => owners.reduce((total, owner) => total + owner.acknowledged, 0);
    await Promise.all(
      owners.map(async (owner) => {
        while (!child.killed) {
          await owner.change();
          if (sum() >= acknowledged) child.kill('SIGKILL');
          else assert.equal(child.exitCode, null, app.output);
        }
      }),
    );
    if (child.signalCode === null) await once(child, 'exit');
  }
});
