import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnDatabase } from '../../db/testing/describe.ts';
import { addKey, addUser, client } from '../../db/testing/rows.ts';
import { createLogger } from '../http/logger.ts';
import { memoryLog } from '../testing/memory-log.ts';
import { collectLateUses, MAX_KEYS } from './late-uses.ts';

describeOnDatabase('the collected late uses of keys', (on) => {
  const { stream, lines } = memoryLog();
  const collect = () => collectLateUses(on.db, createLogger(stream));
  let users = 0;
  let owner: number;
  beforeEach(async () => {
    owner = await addUser(on.db, `user${++users}`);
    lines.length = 0;
  });

  async function countOf(id: number): Promise<number> {
    const key = await on.db
      .selectFrom('api_keys')
      .select('late_use_count')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return key.late_use_count;
  }

  /** Resolves when the first uses of a key are written. */
  async function written(id: number): Promise<void> {
    while ((await countOf(id)) === 0);
  }

  test('are written soon, then at most once a minute, and all of them at the end', async () => {
    const [first, second] = [await addKey(on.db, owner), await addKey(on.db, owner)];
    const uses = collect();
    uses.note(first, client);
    await written(first);
    for (let n = 0; n < 3; n++) uses.note(first, client);
    uses.note(second, client);
    await written(second);
    assert.equal(await countOf(first), 1);
    await uses.close();
    assert.equal(await countOf(first), 4);
    assert.equal(await countOf(second), 1);
  });

  test('are of a limited number of keys', async () => {
    const [last, tooMany] = [await addKey(on.db, owner), await addKey(on.db, owner)];
    const uses = collect();
    // Ids that no key has.
    for (let n = 1; n < MAX_KEYS; n++) uses.note(-n, client);
    for (const id of [last, tooMany, last]) uses.note(id, client);
    await uses.close();
    assert.equal(await countOf(last), 2);
    assert.equal(await countOf(tooMany), 0);
  });

  test('are kept while the database cannot be written', async () => {
    const id = await addKey(on.db, owner);
    const uses = collect();
    await sql`alter table api_keys rename to api_keys_away`.execute(on.db);
    uses.note(id, client);
    while (lines.length === 0) await new Promise(setImmediate);
    assert.match(lines[0] ?? '', /the late uses of keys were not written/);
    uses.note(id, client);
    await sql`alter table api_keys_away rename to api_keys`.execute(on.db);
    await uses.close();
    assert.equal(await countOf(id), 2);
  });
});
