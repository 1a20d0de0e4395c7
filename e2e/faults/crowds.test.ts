// Crowds: idle and slow connections, many log ins at once, a flood of junk keys. Results that depend
// on the machine (how much slower, how many fewer) are printed, not asserted.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import { type Cluster, startCluster } from '../../db/testing/postgres.ts';
import { until } from '../../db/testing/until.ts';
import { makeSecret } from '../../server/api-keys/secret.ts';
import { RunningProcess } from '../../server/testing/processes.ts';
import { addUser, SHIPPED_PASSWORD_DIGEST } from '../../server/testing/users.ts';
import { Visitor } from '../../server/testing/visitor.ts';
import { bearer, signInOwners } from './ledger.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

const CONNECTIONS = 2_000;
/** Fewer than the 511 that can wait for the app to accept them: the kernel drops the others. */
const AT_ONCE = 250;
const LOG_INS = 200;
const MEASURED_MS = 1_000;

describe('crowds', { skip: noCluster }, () => {
  let cluster: Cluster;
  let app: RunningProcess;
  let origin: string;
  let good: string;
  const agent = new Agent({ keepAlive: true });
  before(async () => {
    const started = await startCluster();
    assert.ok(started);
    cluster = started;
    app = new RunningProcess({ DATABASE_URL: cluster.url, SESSION_SECRET });
    origin = await app.started();
    const db = await openDatabase({ url: cluster.url });
    const [owner] = await signInOwners(db, origin, ['legitimate']);
    for (let n = 0; n < LOG_INS; n++) await addUser(db, `person${n}`, SHIPPED_PASSWORD_DIGEST);
    await db.destroy();
    await owner?.create();
    good = owner?.active[0] ?? '';
    await measure(); // warm
  });
  after(async () => {
    agent.destroy();
    await app.kill();
    await cluster.stop();
  });

  test(`${CONNECTIONS} idle and slow connections do not stop the app, and the app closes them`, async (t) => {
    const idle = await measure();
    const { port, hostname } = new URL(origin);
    const beginnings = [
      '',
      'GET / HTTP/1.1\r\nHost: slow\r\nX-',
      'POST /login HTTP/1.1\r\nHost: slow\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nusername=',
      'POST /api/ HTTP/1.1\r\nHost: slow\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\napi_action=',
    ];
    let open = 0;
    const sockets: Socket[] = [];
    const trickle = setInterval(() => {
      for (const socket of sockets)
        if (socket.writable && socket.bytesWritten > 0) socket.write('x');
    }, 1_000);
    t.after(() => {
      clearInterval(trickle);
      for (const socket of sockets) socket.destroy();
    });
    const openConnection = async (n: number) => {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      socket.on('error', () => {}).on('close', () => open--);
      await once(socket, 'connect');
      open++;
      socket.resume().write(beginnings[n % beginnings.length] ?? '');
    };
    while (sockets.length < CONNECTIONS) {
      await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => openConnection(n)));
      // The app accepts connections in order, so it has accepted all those before this one.
      assert.equal(await ask('/healthz', undefined, false), 200);
    }
    report(`${CONNECTIONS} idle and slow connections`, idle, await measure());
    await until('the app has closed them', async () => open === 0, 90_000);
  });

  test(`${LOG_INS} log ins at once are all answered`, async () => {
    const idle = await measure();
    const visitors = Array.from({ length: LOG_INS }, () => new Visitor(origin));
    // One after the other: a busy app would answer some with 503, and these would have no form to send.
    for (const visitor of visitors) assert.equal((await visitor.get('/login')).status, 200);
    const logIns = Promise.all(
      visitors.map((visitor, n) =>
        visitor.post('/login', { username: `person${n}`, password: 'a wrong password', next: '' }),
      ),
    );
    report(`${LOG_INS} log ins at once`, idle, await measure());
    const statuses = (await logIns).map(({ status }) => status);
    assert.equal(statuses.length, LOG_INS);
    for (const status of statuses) assert.ok([401, 429, 503].includes(status), `${status}`);
  });

  for (const [what, junk] of [
    ['malformed', ['lmk-junk']],
    ['unknown', Array.from({ length: 1_000 }, makeSecret)],
  ] as const) {
    test(`a flood of ${what} keys is refused, and a good key still passes`, async () => {
      const idle = await measure();
      let isOver = false;
      let refused = 0;
      const flood = Promise.all(
        Array.from({ length: 8 }, async () => {
          while (!isOver) {
            assert.equal(await ask('/auth/verify', junk[refused % junk.length]), 401);
            refused++;
          }
        }),
      );
      flood.catch(() => {});
      report(`a flood of ${what} keys`, idle, await measure());
      isOver = true;
      await flood;
      assert.ok(refused > 0);
    });
  }

  interface Measured {
    checks: number;
    /** The 99th percentile of /healthz, in ms. */
    p99: number;
  }

  /** Checks the good key from eight clients and requests /healthz meanwhile; all must succeed. */
  async function measure(): Promise<Measured> {
    const end = performance.now() + MEASURED_MS;
    const times: number[] = [];
    let checks = 0;
    const check = async () => {
      while (performance.now() < end) {
        assert.equal(await ask('/auth/verify', good), 204);
        checks++;
      }
    };
    const health = async () => {
      while (performance.now() < end) {
        const from = performance.now();
        assert.equal(await ask('/healthz'), 200);
        times.push(performance.now() - from);
      }
    };
    await Promise.all([health(), ...Array.from({ length: 8 }, check)]);
    times.sort((a, b) => a - b);
    return { checks, p99: times[Math.floor(times.length * 0.99)] ?? 0 };
  }

  function report(what: string, idle: Measured, now: Measured): void {
    const slower = (now.p99 / idle.p99).toFixed(2);
    const rate = (now.checks / idle.checks).toFixed(2);
    console.log(`# ${what}: /healthz p99 ${slower} times idle, checks at ${rate} of their rate`);
  }

  /**
   * Resolves with the status. Uses node:http, which costs the client less than fetch.
   *
   * @param over `false`: a new connection.
   */
  function ask(path: string, secret?: string, over: Agent | false = agent): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = secret === undefined ? {} : bearer(secret);
      request(`${origin}${path}`, { agent: over, headers }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });
  }
});
