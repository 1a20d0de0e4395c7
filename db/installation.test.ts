import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from './database.ts';
import { findInstallationId } from './installation.ts';
import type { DatabaseLocation } from './location.ts';
import { migrateToLatest } from './migrate.ts';
import { createTestDatabase, dropTestDatabase } from './testing/databases.ts';
import { describeOnEachDatabase } from './testing/describe.ts';

describeOnEachDatabase('the id of a database', (on) => {
  test('stays the same, and no other database has it', async (t) => {
    const id = await findInstallationId(on.db);
    assert.match(id, /^[0-9a-f]{12}$/);
    await migrateToLatest(on.db);
    assert.equal(await findInstallationId(on.db), id);

    const other = await openDatabase(await anotherLocation());
    t.after(() => other.destroy());
    assert.notEqual(await findInstallationId(other), id);

    /** A new location of the same kind. */
    async function anotherLocation(): Promise<DatabaseLocation> {
      if (!('url' in on.location)) return on.location;
      const url = await createTestDatabase();
      t.after(() => dropTestDatabase(url));
      return { url };
    }
  });
});
