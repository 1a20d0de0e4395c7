// Each released schema, with data in it, is upgraded to the current one without loss.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { listActivity } from './activity.ts';
import { listKeys } from './api-keys/list.ts';
import { openKeyLookup } from './api-keys/lookup.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { lookUpAddress } from './known-addresses.ts';
import { migrateToLatest, migrations } from './migrate.ts';
import { openPool } from './pool.ts';
import { Servers } from './servers.ts';
import { findSession } from './sessions/find.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from './testing/databases.ts';

const released = Object.keys(await migrations.getMigrations())
  .sort()
  .slice(0, -1);
const digestOf = (text: string) => createHash('sha256').update(text).digest();

/** Rows that every released schema can hold. */
async function addRows(db: Database): Promise<void> {
  await sql`
    insert into users (username, email, password_digest, time_zone)
    values ('ada', 'ada@example.com', 'digest', 'Europe/Berlin')`.execute(db);
  await sql`
    insert into sessions (digest, user_id, csrf_secret, expires_at)
    select ${digestOf('session')}, id, 'csrf', now() + interval '1 hour' from users`.execute(db);
  for (const [label, expires, removed] of [
    ['kept', null, null],
    ['expired', '2014-01-01', null],
    ['removed', null, '2014-01-01'],
  ]) {
    await sql`
      insert into api_keys (user_id, label, prefix, digest, request_id, created_via,
        expires_at, removed_at)
      select id, ${label}, rpad(${label}, 16, '0'), ${digestOf(label ?? '')}, gen_random_uuid(),
        'API', ${expires}::timestamptz, ${removed}::timestamptz from users`.execute(db);
  }
  await sql`
    insert into events (kind, user_id, key_id, user_agent)
    select 'key made', user_id, id, 'test' from api_keys order by id`.execute(db);
  await sql`
    insert into events (kind, user_id, ip, user_agent, at)
    select 'log in', id, ip::inet, 'test', now() - days * interval '1 day'
    from users, (values ('203.0.113.7', 89), ('203.0.113.8', 91)) log_ins (ip, days)`.execute(db);
}

/** From 0010 on, events have to name their key. */
async function nameKeys(db: Database): Promise<void> {
  await sql`
    update events set details = jsonb_build_object('label', label, 'prefix', prefix)
    from api_keys where api_keys.id = key_id`.execute(db);
}

function upgrades(open: () => Promise<Database>) {
  let db: Database;
  before(async () => {
    db = await open();
  });
  after(() => db.destroy());

  for (const name of released) {
    describe(`from ${name}`, () => {
      before(async () => {
        // Quicker than another database.
        await sql`drop schema public cascade`.execute(db);
        await sql`create schema public`.execute(db);
        const { error } = await new Migrator({ db, provider: migrations }).migrateTo(name);
        assert.equal(error, undefined);
        await addRows(db);
        if (name >= '0010-ended-keys') await nameKeys(db);
        await migrateToLatest(db);
      });

      test('keys are listed and found as before', async () => {
        const labels = (await listKeys(db, 1)).map(({ label, expired }) => [label, expired]);
        assert.deepEqual(labels, [
          ['kept', false],
          ['expired', true],
        ]);
        const lookup = openKeyLookup(db, { memory: true });
        const found = await lookup.find(
          ['kept', 'removed', 'none'].map((name) => digestOf(name).toString('hex')),
        );
        assert.deepEqual(
          found.map((key) => key?.state),
          ['active', 'removed', undefined],
        );
        assert.deepEqual(found[0]?.permissions, ['*']);
      });

      test('no key is used late, replaced, paused or leaked yet', async () => {
        const { rows } = await sql`
          select distinct removed_via, late_used_at, late_use_count, note, replaces_id, overlap_hours,
            replaced_at, paused_until, leaked_at
          from api_keys`.execute(db);
        assert.deepEqual(rows, [
          {
            removed_via: null,
            late_used_at: null,
            late_use_count: 0,
            note: '',
            replaces_id: null,
            overlap_hours: null,
            replaced_at: null,
            paused_until: null,
            leaked_at: null,
          },
        ]);
      });

      test('the columns of recorded uses are in no index', async () => {
        const { rows } = await sql<{ indexdef: string }>`
          select indexdef from pg_indexes
          where tablename in ('api_keys', 'key_addresses')`.execute(db);
        assert.ok(rows.length > 3);
        for (const { indexdef } of rows) assert.doesNotMatch(indexdef, /used|late/);
      });

      // Later versions write the table themselves.
      if (name < '0006-known-addresses') {
        test('addresses of log ins in the last 90 days are known', async () => {
          assert.equal((await lookUpAddress(db, 'ada', '203.0.113.7')).kind, 'known');
          assert.equal((await lookUpAddress(db, 'ada', '203.0.113.8')).kind, 'new');
        });
      }

      test('people stay logged in, and their activity names the keys', async () => {
        const session = await findSession(db, 'session');
        assert.equal(session?.user?.username, 'ada');
        const { rows } = await listActivity(db, 1, { length: 10 });
        assert.deepEqual(
          rows.map(({ kind, details }) => [kind, details.label, details.prefix]),
          [
            ['log in', undefined, undefined],
            ['log in', undefined, undefined],
            ['key made', 'removed', 'removed000000000'],
            ['key made', 'expired', 'expired000000000'],
            ['key made', 'kept', 'kept000000000000'],
          ],
        );
      });
    });
  }
}

describe('an upgrade, embedded', () => {
  upgrades(
    async () => new Kysely({ dialect: new PGliteDialect({ pglite: await openEmbedded() }) }),
  );
});

describe('an upgrade, PostgreSQL', { skip: noPostgres }, () => {
  let url: string;
  upgrades(async () => {
    url = await createTestDatabase();
    const pool = openPool(new Servers(url), { max: 2 });
    return new Kysely({ dialect: new PostgresDialect({ pool }) });
  });
  after(() => dropTestDatabase(url));
});
