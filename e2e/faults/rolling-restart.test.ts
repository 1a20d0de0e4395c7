// Two processes behind nginx are replaced one after the other, and nobody notices.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, startCluster } from '../../bin/test-postgres.ts';
import { openDatabase } from '../../db/database.ts';
import { freePort, RunningProcess } from '../../server/test-processes.ts';
import { assertKept, assertWhole, check, type Owner, signInOwners } from './ledger.ts';
import { nginx, noCluster, noNginx, SESSION_SECRET } from './places.ts';
import { until } from './until.ts';

const RESTARTS = 4;

describe('two processes behind nginx', { skip: noCluster || noNginx }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'nginx-'));
  let cluster: Cluster;
  let proxy: ChildProcess;
  let origin: string;
  let ports: string[];
  let copies: RunningProcess[];
  before(async () => {
    const started = await startCluster();
    assert.ok(started);
    cluster = started;
    ports = [await freePort(), await freePort()];
    copies = ports.map(startCopy);
    await Promise.all(copies.map((copy) => copy.started()));
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    proxy = startNginx(port);
    await until('nginx answers', () => isReady(origin));
  });
  after(async () => {
    for (const child of [proxy, ...copies.map((copy) => copy.child)]) {
      child.kill('SIGKILL');
      if (child.signalCode === null && child.exitCode === null) await once(child, 'exit');
    }
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  function startCopy(port: string): RunningProcess {
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
    // Heard below; until then it must not end the process.
    busy.catch(() => {});

    for (let restart = 0; restart < RESTARTS; restart++) {
      const place = restart % 2;
      const before = answers;
      await until('the load has passed through', async () => answers > before + 100);
      copies[place]?.child.kill('SIGTERM');
      assert.equal(await copies[place]?.exitCode(), 0);
      const next = startCopy(ports[place] ?? '');
      copies[place] = next;
      const direct = await next.started();
      await until('the new copy is ready', () => isReady(direct));
    }
    isOver = true;
    await busy;
    console.log(`# ${RESTARTS} restarts: ${answers} answers, all of them right`);
    await assertKept(origin, owners);
    await assertWhole(cluster.url, owners);

    async function keep(ask: () => Promise<void>): Promise<void> {
      while (!isOver) {
        await ask();
        answers++;
      }
    }
  });

  async function actAndBeAnswered(writer: Owner): Promise<void> {
    const status = await writer.act();
    assert.ok(status === 200 || status === 204, `a change was answered ${status}`);
  }

  function startNginx(port: string): ChildProcess {
    const file = path.join(folder, 'nginx.conf');
    writeFileSync(file, configuration(port));
    return spawn(nginx, ['-p', folder, '-e', 'stderr', '-c', file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  /** Nothing but what a deployment needs; the rest keeps a private nginx in its folder. */
  function configuration(port: string): string {
    return `
daemon off;
master_process off;
pid nginx.pid;
events {}
http {
  access_log off;
  # Every connection refused would stand in it otherwise.
  error_log stderr crit;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;

  upstream copies {
    # A copy that refuses connections is being replaced; the next request may find it again.
    ${ports.map((copy) => `server 127.0.0.1:${copy} max_fails=0;`).join('\n    ')}
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://copies;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`;
  }
});

async function isReady(origin: string): Promise<boolean> {
  const answer = await fetch(`${origin}/readyz`).catch(() => undefined);
  return answer?.status === 200;
}
