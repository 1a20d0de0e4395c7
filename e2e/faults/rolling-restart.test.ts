// Two processes behind nginx are replaced one after the other, without a failed request.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../db/database.ts';
import { type Cluster, startCluster } from '../../db/testing/postgres.ts';
import { until } from '../../db/testing/until.ts';
import { freePort, RunningProcess } from '../../server/testing/processes.ts';
import { type Front, startFront } from '../proxies/instances.ts';
import { nginx, noProxy } from '../proxies/proxies.ts';
import { assertComplete, assertKept, check, type Owner, signInOwners } from './ledger.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

const RESTARTS = 4;

describe('two processes behind nginx', { skip: noCluster || noProxy(nginx) }, () => {
  let cluster: Cluster;
  let front: Front;
  let origin: string;
  let ports: string[];
  let instances: RunningProcess[];
  before(async () => {
    const started = await startCluster();
    assert.ok(started);
    cluster = started;
    ports = [await freePort(), await freePort()];
    instances = ports.map(startInstance);
    await Promise.all(instances.map((instance) => instance.started()));
    front = await startFront(ports.map((port) => `127.0.0.1:${port}`));
    origin = front.origin;
  });
  after(async () => {
    await front.stop();
    await Promise.all(instances.map((instance) => instance.kill()));
    await cluster.stop();
  });

  function startInstance(port: string): RunningProcess {
    return new RunningProcess({
      DATABASE_URL: cluster.url,
      SESSION_SECRET,
      PORT: port,
      TRUST_PROXY: 'loopback',
    });
  }

  test(`are restarted ${RESTARTS} times under load: no request fails`, async () => {
    const db = await openDatabase({ url: cluster.url });
    const names = Array.from({ length: 6 }, (_, n) => `owner${n}`);
    const owners = await signInOwners(db, origin, names).finally(() => db.destroy());
    const [reader, ...writers] = owners;
    assert.ok(reader);
    assert.equal(await reader.create(), 200);
    const [good = ''] = reader.active;
    let answers = 0;
    let isOver = false;
    const busy = Promise.all([
      ...[1, 2, 3, 4].map(() => keep(async () => assert.equal(await check(origin, good), '204'))),
      ...[1, 2].map(() =>
        keep(async () => assert.equal((await reader.visitor.get('/profile/api-keys')).status, 200)),
      ),
      ...writers.map((writer) => keep(() => actAndBeAnswered(writer))),
    ]);
    // Awaited below; until then a rejection must not end the process.
    busy.catch(() => {});

    for (let restart = 0; restart < RESTARTS; restart++) {
      const index = restart % 2;
      const before = answers;
      await until('100 more requests are answered', async () => answers > before + 100);
      instances[index]?.child.kill('SIGTERM');
      assert.equal(await instances[index]?.exitCode(), 0);
      const next = startInstance(ports[index] ?? '');
      instances[index] = next;
      const direct = await next.started();
      await until('the new instance is ready', () => isReady(direct));
    }
    isOver = true;
    await busy;
    console.log(`# ${RESTARTS} restarts: ${answers} answers, all of them right`);
    await assertKept(origin, owners);
    await assertComplete(cluster.url, owners);

    async function keep(ask: () => Promise<void>): Promise<void> {
      while (!isOver) {
        await ask();
        answers++;
        // Without a pause the clients would take most of the processor from the app.
        await sleep(100);
      }
    }
  });

  async function actAndBeAnswered(writer: Owner): Promise<void> {
    const status = await writer.act();
    assert.ok(status === 200 || status === 204, `a change was answered ${status}`);
  }
});

async function isReady(origin: string): Promise<boolean> {
  const answer = await fetch(`${origin}/readyz`).catch(() => undefined);
  return answer?.status === 200;
}
