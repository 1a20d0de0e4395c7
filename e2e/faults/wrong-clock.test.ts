// The app's clock is wrong by a year; the database's clock decides.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../db/database.ts';
import { REAUTHENTICATION_MINUTES, SESSION_IDLE_MINUTES } from '../../db/sessions/validity.ts';
import { type Cluster, startCluster } from '../../db/testing/postgres.ts';
import { RunningProcess } from '../../server/testing/processes.ts';
import { Visitor } from '../../server/testing/visitor.ts';
import { check, signInOwners } from './ledger.ts';
import { noCluster, SESSION_SECRET } from './prerequisites.ts';

const YEAR_MS = 366 * 24 * 60 * 60_000;
const preload = pathToFileURL(path.resolve(import.meta.dirname, 'shifted-clock.ts')).href;

describe('an app whose clock is wrong', { skip: noCluster }, () => {
  let cluster: Cluster;
  let db: Database;
  before(async () => {
    const started = await startCluster();
    assert.ok(started);
    cluster = started;
    db = await openDatabase({ url: cluster.url });
  });
  after(async () => {
    await db.destroy();
    await cluster.stop();
  });

  for (const [name, shift] of [
    ['fast', YEAR_MS],
    ['slow', -YEAR_MS],
  ] as const) {
    test(`by a year, ${name}: keys, sessions and Authenticate end when the database says so`, async () => {
      const app = new RunningProcess({
        DATABASE_URL: cluster.url,
        SESSION_SECRET,
        NODE_OPTIONS: `--import=${preload}`,
        CLOCK_SHIFT_MS: String(shift),
      });
      try {
        const origin = await app.started();
        const [owner] = await signInOwners(db, origin, [name]);
        assert.ok(owner);
        const wrongBy = Number(/"time":(\d+)/.exec(app.output)?.[1]) - Date.now();
        assert.ok(Math.abs(wrongBy - shift) < YEAR_MS / 2, 'the clock is not shifted');

        const { visitor } = owner;
        const { secret } = await visitor.createKey({ expires: '1-month' });
        assert.equal(await check(origin, secret), '204');
        const { rows } = await sql<{ isRight: boolean }>`
          select expires_at between now() + interval '27 days' and now() + interval '32 days'
            as "isRight"
          from api_keys where prefix = ${secret.slice(0, 16)}`.execute(db);
        assert.deepEqual(rows, [{ isRight: true }]);

        await sql`update api_keys set expires_at = now()
          where prefix = ${secret.slice(0, 16)}`.execute(db);
        assert.equal(await check(origin, secret), '401 expired');

        await age('authenticated_at', REAUTHENTICATION_MINUTES - 1);
        assert.equal((await visitor.get('/profile/api-keys')).status, 200);
        await age('authenticated_at', 1);
        assert.match(
          (await visitor.get('/profile/api-keys')).location ?? '',
          /^\/profile\/authenticate/,
        );
        await age('seen_at', SESSION_IDLE_MINUTES - 1);
        assert.equal((await visitor.get('/profile/authenticate')).status, 200);
        await age('seen_at', SESSION_IDLE_MINUTES);
        assert.match((await visitor.get('/')).location ?? '', /^\/login/);

        const later = new Visitor(origin);
        assert.equal((await later.logIn(name)).status, 303);
        assert.equal((await later.authenticate()).status, 303);
        assert.equal((await later.get('/profile/api-keys')).status, 200);
      } finally {
        await app.kill();
      }
    });
  }

  async function age(column: 'authenticated_at' | 'seen_at', minutes: number): Promise<void> {
    await sql`update sessions
      set ${sql.ref(column)} = ${sql.ref(column)} - make_interval(mins => ${minutes})`.execute(db);
  }
});
