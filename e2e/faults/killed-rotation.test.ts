// A process is killed while it rotates keys: each rotation is done, with everything that belongs to it, or
// not at all.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../../db/testing/databases.ts';
import { addKey, addUser } from '../../db/testing/rows.ts';

const KILLS = 5;
const ROTATIONS_OF_EACH = 20;
const KEYS = 3;

describe('a process that is killed', { skip: noPostgres }, () => {
  let url: string;
  let db: Database;
  before(async () => {
    url = await createTestDatabase();
    db = await openDatabase({ url });
  });
  after(async () => {
    await db.destroy();
    await dropTestDatabase(url);
  });

  test(`${KILLS} times while it rotates keys keeps what it has acknowledged, and nothing half`, async () => {
    const acknowledged = new Set<string>();
    for (let kill = 1; kill <= KILLS; kill++) {
      const owner = await addUser(db, `owner${kill}`);
      const ids = [];
      for (let n = 0; n < KEYS; n++) ids.push(await addKey(db, owner));
      for (const line of await rotateUntilKilled([owner, ...ids])) acknowledged.add(line);
    }
    const { rows } = await sql<{ line: string; isWhole: boolean }>`
      select old.id || ' ' || new.id as line,
        count(rotated.id) = 1
          and bool_and(new.overlap_hours = case when old.removed_at is null then 24 else 0 end)
          and bool_and((old.removed_at is not null) = exists (select from events removed
            where removed.key_id = old.id and removed.kind = 'key removed'))
          and bool_and(exists (select from events made
            where made.key_id = new.id and made.kind = 'key made')) as "isWhole"
      from api_keys new
        join api_keys old on old.id = new.replaces_id
        left join events rotated on rotated.key_id = old.id and rotated.kind = 'key rotated'
          and rotated.details ->> 'successor' = new.prefix
      group by old.id, new.id`.execute(db);
    assert.deepEqual(
      rows.filter(({ isWhole }) => !isWhole),
      [],
    );
    const kept = new Set(rows.map(({ line }) => line));
    assert.deepEqual(
      [...acknowledged].filter((line) => !kept.has(line)),
      [],
    );
    const { keys } = await db
      .selectFrom('api_keys')
      .select((eb) => eb.fn.countAll<number>().as('keys'))
      .executeTakeFirstOrThrow();
    assert.equal(keys, kept.size + KILLS * KEYS);
  });

  /** What the process has acknowledged until it was killed. */
  async function rotateUntilKilled(args: number[]): Promise<string[]> {
    const program = path.resolve(import.meta.dirname, 'rotating.ts');
    const child = spawn(process.execPath, [program, ...args.map(String)], {
      env: { ...process.env, DATABASE_URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      if (lines.length === ROTATIONS_OF_EACH) child.kill('SIGKILL');
    }
    assert.deepEqual(await exit, [null, 'SIGKILL']);
    return lines;
  }
});
