// A page costs about the same with any number of keys, of its user or of others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../testing/databases.ts';
import { addUser } from '../testing/rows.ts';
import { rowsRead } from '../testing/rows-read.ts';
import { listEndedKeys, MAX_ENDED_COUNTED } from './ended.ts';
import { listExpiringKeys } from './expiring.ts';
import { listLeakReports } from './leak-reports.ts';
import { countKeys, KEYS_PER_PAGE, type KeyQuery, listKeyPage } from './pagination.ts';
import { listRotations } from './rotations.ts';

/** Of one user with many keys. */
const KEYS = 1_500;
const SHOWN = 20;
const OTHERS = 750;
const KEYS_OF_OTHERS = 20;

describe('the rows that PostgreSQL reads for the pages of keys', { skip: noPostgres }, () => {
  let url: string;
  let db: Database;
  let many: number;
  let removed: number;
  before(async () => {
    url = await createTestDatabase();
    db = await openDatabase({ url });
    many = await addUser(db, 'many');
    removed = await addUser(db, 'removed');
    await addKeys(db, [many], KEYS);
    await addKeys(db, [removed], KEYS);
    // Most users have a few keys, so PostgreSQL expects that of any user; and there are so many users that
    // reading the whole table would cost too much. In parts: a statement must not take long.
    const { rows: others } = await sql<{ id: number }>`
      insert into users (username, password_digest)
      select 'user' || n, '' from generate_series(1, ${OTHERS}::int) n returning id`.execute(db);
    for (let at = 0; at < OTHERS; at += 150) {
      const users = others.slice(at, at + 150).map(({ id }) => id);
      await addKeys(db, users, 150 * KEYS_OF_OTHERS);
    }
    await sql`
      update api_keys set removed_at = now() - interval '1 day'
      where user_id = ${removed} and created_at < now() - ${SHOWN} * interval '1 minute'`.execute(
      db,
    );
    await sql`vacuum analyze api_keys`.execute(db);
  });
  after(async () => {
    await db.destroy();
    await dropTestDatabase(url);
  });

  /** With a plan for the values, as of statements that are planned each time. */
  const read = (statements: (trx: Database) => Promise<unknown>) =>
    rowsRead(db, 'api_keys', statements);
  /** With a plan for any values, as of statements that are planned once. */
  const readPlannedOnce = (statements: (trx: Database) => Promise<unknown>) =>
    rowsRead(db, 'api_keys', statements, 'generic');

  const query = (changes: Partial<KeyQuery>): KeyQuery => ({
    sort: 'created',
    isDescending: false,
    filter: undefined,
    search: '',
    ...changes,
  });

  test('a page in the default order reads no more rows than it shows, wherever it is', async () => {
    const middle = { value: String((Date.now() - 700 * 60_000) * 1_000), id: 1 };
    for (const isDescending of [false, true]) {
      for (const side of ['after', 'before'] as const) {
        for (const cursor of [undefined, middle]) {
          const rows = await read((trx) =>
            listKeyPage(trx, many, query({ isDescending }), { side, cursor }),
          );
          assert.ok(rows <= KEYS_PER_PAGE + 1, `${isDescending} ${side} ${cursor?.value}: ${rows}`);
        }
      }
    }
  });

  test('the rotations of a page of keys read no more rows than the page has', async () => {
    const { keys } = await listKeyPage(db, many, query({}), { side: 'after' });
    const ids = keys.map(({ id }) => id);
    const rows = await readPlannedOnce((trx) => listRotations(trx, many, ids));
    assert.ok(rows <= KEYS_PER_PAGE, String(rows));
  });

  test('removed keys are not read', async () => {
    assert.ok(
      (await read((trx) => listKeyPage(trx, removed, query({}), { side: 'after' }))) <= SHOWN,
    );
    assert.ok((await read((trx) => countKeys(trx, removed))) <= SHOWN);
  });

  test('the rest of the tab reads no keys of other users, and a bounded number of ended ones', async () => {
    assert.equal(await readPlannedOnce((trx) => listExpiringKeys(trx, many)), 0);
    assert.equal(await readPlannedOnce((trx) => listEndedKeys(trx, many, KEYS_PER_PAGE)), 0);
    assert.equal(await readPlannedOnce((trx) => listLeakReports(trx, many)), 0);
    const ended = await readPlannedOnce((trx) => listEndedKeys(trx, removed, KEYS_PER_PAGE));
    assert.ok(ended <= MAX_ENDED_COUNTED + 1 + KEYS_PER_PAGE, String(ended));
    assert.equal(await readPlannedOnce((trx) => listLeakReports(trx, removed)), 0);
  });

  test('counts, searches and other orders read only the rows of the user', async () => {
    assert.ok((await read((trx) => countKeys(trx, many))) <= KEYS);
    for (const changes of [{ sort: 'label' }, { sort: 'expires' }, { search: 'x' }] as const) {
      const rows = await read((trx) => listKeyPage(trx, many, query(changes), { side: 'after' }));
      assert.ok(rows <= KEYS, `${JSON.stringify(changes)}: ${rows}`);
    }
  });
});

/** Keys of users in turn that never expire, each created a minute before the one before it. */
async function addKeys(db: Database, users: number[], count: number): Promise<void> {
  const name = String(users[0]);
  await sql`
    insert into api_keys (user_id, label, prefix, digest, request_id, created_via, created_at)
    select (${users}::bigint[])[n % ${users.length}::int + 1], 'label ' || n,
      lpad(${name} || 'x' || n, 16, 'k'), sha256((${name} || ' ' || n)::bytea), gen_random_uuid(), 'API',
      now() - n * interval '1 minute'
    from generate_series(1, ${count}::int) n`.execute(db);
}
