// What one process does holds for the next request in the other, while both are busy.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { insertKey } from '../db/api-keys/create.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../db/testing/databases.ts';
import { noPgBouncer, startPgBouncer } from '../db/testing/pgbouncer.ts';
import { client, addUser as insertUser, newKey } from '../db/testing/rows.ts';
import { setDisabled } from '../db/users.ts';
import { digestOf, makeSecret, prefixOf } from './api-keys/secret.ts';
import { RunningProcess } from './testing/processes.ts';
import { addUser } from './testing/users.ts';
import { Visitor } from './testing/visitor.ts';

/** Few are enough: a check that cached a key, even for a moment, would fail with the first one. */
const KEYS = 6;
const CHANGES = 4;
const CHECKS_OF_EACH = 20;
const BUSY = 8;

const ways = [
  ['one PostgreSQL', noPostgres, reachDirectly],
  ['one PostgreSQL behind PgBouncer', noPgBouncer, reachThroughPgBouncer],
] as const;
for (const [where, skip, reach] of ways) {
  describe(`two processes on ${where}, both busy`, { skip }, () => {
    let url: string;
    let reached: Awaited<ReturnType<typeof reach>>;
    let db: Database;
    let processes: RunningProcess[];
    let origins: string[] = [];
    let isOver = false;
    let busy: Promise<void>[] = [];
    let pausing: Visitor;
    before(async () => {
      url = await createTestDatabase();
      reached = await reach(url);
      const env = { ...reached.env, SESSION_SECRET: 'shared by all instances and long enough' };
      processes = [new RunningProcess(env), new RunningProcess(env)];
      origins = await Promise.all(processes.map((one) => one.started()));
      db = await openDatabase({ url });
      // Before both are busy: passwords cost most.
      await addUser(db, 'pausing');
      pausing = new Visitor(origins[0] ?? '');
      await pausing.logIn('pausing');
      await pausing.authenticate();
      const secret = await addKey('busy');
      busy = Array.from({ length: BUSY }, (_, n) => keepChecking(secret, n));
    });
    after(async () => {
      isOver = true;
      await Promise.all(busy);
      for (const one of processes) one.child.kill('SIGTERM');
      for (const one of processes) assert.equal(await one.exitCode(), 0);
      await db.destroy();
      await reached.stop();
      await dropTestDatabase(url);
    });

    /** The load: every one of its checks has to pass. */
    async function keepChecking(secret: string, n: number): Promise<void> {
      while (!isOver) assert.equal((await check(secret, n)).status, 204);
    }

    function check(secret: string, n: number, query = ''): Promise<Response> {
      const headers = { authorization: `Bearer ${secret}` };
      return fetch(`${origins[n % 2]}/auth/verify${query}`, { headers });
    }

    /** Makes checks, half of them in each process, and returns their statuses and reasons. */
    async function reasons(secret: string, times: number, query?: string) {
      const answers = await Promise.all(
        Array.from({ length: times }, (_, n) => check(secret, n, query)),
      );
      return answers.map(({ status, headers }) => `${status} ${headers.get('x-auth-reason')}`);
    }

    async function addKey(username: string): Promise<string> {
      const userId = await insertUser(db, username);
      const secret = makeSecret();
      const key = newKey({ prefix: prefixOf(secret), digest: digestOf(secret) });
      await db.transaction().execute((trx) => insertKey(trx, userId, key, client));
      return secret;
    }

    const all = (reason: string, times: number) => Array.from({ length: times }, () => reason);

    test(`all of ${KEYS * CHECKS_OF_EACH} checks that start after a removal are refused`, async () => {
      for (let n = 0; n < KEYS; n++) {
        const secret = await addKey(`removed${n}`);
        assert.deepEqual(await reasons(secret, 2), all('204 ', 2));
        // During the removal either answer is right, and neither may be cached.
        let isRemoved = false;
        const meanwhile = [0, 1].map(async (process) => {
          while (!isRemoved) await check(secret, process);
        });
        const removal = await fetch(`${origins[n % 2]}/api/key`, {
          method: 'DELETE',
          headers: { 'x-api-key': secret },
        });
        isRemoved = true;
        assert.equal(removal.status, 204);
        assert.deepEqual(await reasons(secret, CHECKS_OF_EACH), all('401 removed', CHECKS_OF_EACH));
        await Promise.all(meanwhile);
      }
    });

    test('all checks that start after a pause are refused, and those after its end pass', async () => {
      const { secret, id } = await pausing.createKey();
      for (let n = 0; n < CHANGES; n++) {
        assert.deepEqual(await reasons(secret, CHECKS_OF_EACH), all('204 ', CHECKS_OF_EACH));
        const selected = { [`key-${id}`]: 'on' };
        const pause = await pausing.post('/profile/api-keys/pause-selected', selected);
        assert.equal(pause.status, 303);
        assert.deepEqual(await reasons(secret, CHECKS_OF_EACH), all('401 paused', CHECKS_OF_EACH));
        const resume = await pausing.post('/profile/api-keys/resume-selected', selected);
        assert.equal(resume.status, 303);
      }
    });

    test('all checks after an expiry, or after a user is disabled or loses a permission, are refused', async () => {
      for (let n = 0; n < CHANGES; n++) {
        const username = `changed${n}`;
        const secret = await addKey(username);
        const domains = '?permission=domains';
        assert.deepEqual(await reasons(secret, 2, domains), all('204 ', 2));

        await sql`update users set permissions = '{linodes}' where username = ${username}`.execute(
          db,
        );
        assert.deepEqual(await reasons(secret, 10, domains), all('403 ', 10));
        await setDisabled(db, username, true);
        assert.deepEqual(await reasons(secret, 10), all('401 disabled', 10));
        await setDisabled(db, username, false);
        assert.deepEqual(await reasons(secret, 10), all('204 ', 10));
        await sql`update api_keys set expires_at = now() where prefix = ${prefixOf(secret)}`.execute(
          db,
        );
        assert.deepEqual(await reasons(secret, 10), all('401 expired', 10));
      }
    });
  });
}

async function reachDirectly(database: string) {
  return { env: { DATABASE_URL: database }, stop: async () => {} };
}

async function reachThroughPgBouncer(database: string) {
  const { url, stop } = await startPgBouncer(database, { pool_mode: 'transaction' });
  return { env: { DATABASE_URL: url, DATABASE_POOLER: 'transaction' }, stop };
}
