import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, client, newKey } from '../testing/rows.ts';
import {
  countKeys,
  KEYS_PER_PAGE,
  type KeyQuery,
  type KeySort,
  listKeyPage,
  MAX_COUNTED_KEYS,
  type PagePosition,
} from './pagination.ts';
import { removeKeys } from './remove.ts';

const everything: KeyQuery = {
  sort: 'created',
  isDescending: false,
  filter: undefined,
  search: '',
};
const queries = (['created', 'label', 'expires'] as const).flatMap((sort) =>
  [false, true].map((isDescending): KeyQuery => ({ ...everything, sort, isDescending })),
);

/** A key whose values often equal those of another key. */
interface Row {
  label: string;
  created: number;
  /** Null: never. */
  expires: number | null;
}
const rows = fc.array(
  fc.record({
    label: fc.constantFrom('', 'a', 'A', 'b', 'ä', 'a.1', '👍'),
    created: fc.integer({ min: 0, max: 3 }),
    expires: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
  }),
  { maxLength: 3 * KEYS_PER_PAGE },
);

describeOnEachDatabase('pages of keys', (on) => {
  let serial = 0;

  test('forward and backward, every key appears once and in order, also where values are equal', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (keys) => {
        const owner = await addUser(on.db, `owner${++serial}`);
        const ids = await insertRows(on.db, owner, keys);
        for (const query of queries) {
          const expected = sorted(keys, ids, query);
          assert.deepEqual(await readAll(on.db, owner, query, 'after'), expected);
          assert.deepEqual(await readAll(on.db, owner, query, 'before'), expected);
        }
      }),
      { numRuns: 6 },
    );
  });

  test('removing the key that ends a page neither hides nor repeats another key', async () => {
    const owner = await addUser(on.db, `owner${++serial}`);
    const ids = await insertRows(
      on.db,
      owner,
      Array(40).fill({ label: 'x', created: 0, expires: null }),
    );
    for (const query of queries) {
      const first = await listKeyPage(on.db, owner, query, { side: 'after' });
      const last = first.keys.at(-1)?.id ?? 0;
      await removeKeys(on.db, owner, [last], 'Linode Manager', client);
      const second = await listKeyPage(on.db, owner, query, { side: 'after', cursor: first.next });
      const seen = [...first.keys, ...second.keys].map(({ id }) => id);
      const remaining = seen.filter((id) => id !== last);
      assert.equal(new Set(seen).size, seen.length);
      assert.deepEqual(
        remaining.toSorted((a, b) => a - b),
        ids.filter((id) => id !== last),
      );
      ids.splice(ids.indexOf(last), 1);
    }
  });

  test('only keys of the owner that have not ended are listed', async () => {
    const [owner, other] = [await addUser(on.db, 'erin'), await addUser(on.db, 'fay')];
    const active = await addKey(on.db, owner);
    const expired = await addKey(on.db, owner);
    const removed = await addKey(on.db, owner);
    await addKey(on.db, other);
    await change(expired, sql`expires_at = now()`);
    await removeKeys(on.db, owner, [removed], 'Linode Manager', client);
    assert.deepEqual(await list(owner), [active]);
  });

  test('a search finds parts of labels, prefixes and addresses, in any case, and nothing is a pattern', async () => {
    const owner = await addUser(on.db, 'gil');
    const key = newKey({ label: 'Lap%top_1' });
    const id = await addKey(on.db, owner, key);
    await change(id, sql`created_ip = '192.0.2.200', last_used_ip = '2001:db8::1f'`);
    await addKey(on.db, owner, newKey({ label: 'other' }));
    const finds = async (search: string) => (await list(owner, { search })).includes(id);
    for (const search of ['lap%', 'TOP_1', key.prefix.slice(9), '192.0.2.200', '2001:DB8::1F']) {
      assert.equal(await finds(search), true, search);
    }
    for (const search of ['lap_', '%', 'lapt_p', '192.0.2.201', '\\']) {
      assert.equal(await finds(search), search === '%', search);
    }
  });

  test('each filter shows the keys that its count counts', async () => {
    const owner = await addUser(on.db, 'hal');
    const at = async (...changes: ReturnType<typeof sql>[]) => {
      const id = await addKey(on.db, owner);
      for (const assignment of changes) await change(id, assignment);
      return id;
    };
    const days = (count: number) => sql.raw(`interval '${count} days'`);
    const created = sql`created_at = now() - ${days(100)}`;
    const used = sql`last_used_at = now()`;
    const soon = await at(created, used, sql`expires_at = now() + ${days(13)}`);
    await at(created, used, sql`expires_at = now() + ${days(15)}`);
    // A lifetime of four weeks is too short to expire soon.
    await at(used, sql`expires_at = created_at + ${days(28)}`);
    const unusedAndOld = await at(created);
    const fresh = await at();
    const stale = await at(created, sql`last_used_at = now() - ${days(91)}`);
    assert.deepEqual(await list(owner, { filter: 'expires-soon' }), [soon]);
    assert.deepEqual(
      new Set(await list(owner, { filter: 'never-used' })),
      new Set([unusedAndOld, fresh]),
    );
    assert.deepEqual(
      new Set(await list(owner, { filter: 'unused' })),
      new Set([unusedAndOld, stale]),
    );
    assert.deepEqual(await countKeys(on.db, owner), {
      all: 6,
      'expires-soon': 1,
      'never-used': 2,
      unused: 2,
      isPartial: false,
    });
  });

  test(`counting stops at ${MAX_COUNTED_KEYS} keys`, async () => {
    const owner = await addUser(on.db, 'ida');
    const row = { label: '', created: 0, expires: null };
    await insertRows(on.db, owner, Array(MAX_COUNTED_KEYS).fill(row));
    assert.deepEqual(await countKeys(on.db, owner), {
      all: MAX_COUNTED_KEYS,
      'expires-soon': 0,
      'never-used': MAX_COUNTED_KEYS,
      unused: 0,
      isPartial: false,
    });
    await addKey(on.db, owner);
    const { all, isPartial } = await countKeys(on.db, owner);
    assert.deepEqual({ all, isPartial }, { all: MAX_COUNTED_KEYS, isPartial: true });
  });

  async function list(owner: number, changes: Partial<KeyQuery> = {}) {
    const page = await listKeyPage(on.db, owner, { ...everything, ...changes }, { side: 'after' });
    return page.keys.map(({ id }) => id);
  }

  async function change(id: number, assignment: ReturnType<typeof sql>) {
    await sql`update api_keys set ${assignment} where id = ${id}`.execute(on.db);
  }
});

/** The ids of all keys, read page by page from one end to the other. */
async function readAll(db: Database, owner: number, query: KeyQuery, side: 'after' | 'before') {
  const ids: number[] = [];
  let position: PagePosition | undefined = { side };
  while (position) {
    const { keys, previous, next } = await listKeyPage(db, owner, query, position);
    assert.ok(keys.length <= KEYS_PER_PAGE);
    const page = keys.map(({ id }) => id);
    if (side === 'after') ids.push(...page);
    else ids.unshift(...page);
    const cursor = side === 'after' ? next : previous;
    position = cursor && { side, cursor };
  }
  return ids;
}

function sorted(rows: Row[], ids: number[], { sort, isDescending }: KeyQuery): number[] {
  const sign = isDescending ? -1 : 1;
  const never = sign * Number.MAX_SAFE_INTEGER;
  const compare: Record<KeySort, (a: Row, b: Row) => number> = {
    created: (a, b) => a.created - b.created,
    expires: (a, b) => (a.expires ?? never) - (b.expires ?? never),
    label: (a, b) => Buffer.compare(lower(a.label), lower(b.label)),
  };
  return rows
    .map((row, index) => ({ row, id: ids[index] ?? 0 }))
    .sort((a, b) => sign * (compare[sort](a.row, b.row) || a.id - b.id))
    .map(({ id }) => id);
}

function lower(label: string): Buffer {
  return Buffer.from(label.toLowerCase());
}

/** Inserts keys and returns their ids, in the same order. */
async function insertRows(db: Database, owner: number, rows: Row[]): Promise<number[]> {
  const { rows: inserted } = await sql<{ id: number }>`
    insert into api_keys (user_id, label, prefix, digest, request_id, created_via, created_at, expires_at)
    select ${owner}::bigint, label, left(md5(random()::text), 16), sha256(random()::text::bytea),
      gen_random_uuid(), 'API', now() - interval '1 hour' + created * interval '1.000001 minutes',
      now() + interval '1 day' + expires * interval '1.000001 minutes'
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (label text, created int, expires int)
    returning id`.execute(db);
  return inserted.map(({ id }) => id);
}
