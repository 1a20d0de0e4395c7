import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../db/database.ts';
import { DatabaseReadOnly } from '../db/errors.ts';
import {
  createTestDatabase,
  cutConnections,
  dropTestDatabase,
  noPostgres,
  setReadOnly,
} from '../db/testing/databases.ts';
import { until } from '../db/testing/until.ts';
import { startApp } from './testing/app.ts';

test('while the database is read-only, all answers are 503 and no instance starts; then all works again', {
  skip: noPostgres,
}, async (t) => {
  const url = await createTestDatabase();
  t.after(() => dropTestDatabase(url));
  const db = await openDatabase({ url });
  t.after(() => db.destroy());
  const app = await startApp(db, {}, { url });
  t.after(() => app.close());
  const visitor = await app.signInNewUser();
  const { secret } = await visitor.createKey();
  const statuses = async () => {
    const headers = { 'x-api-key': secret };
    const get = async (path: string) => (await fetch(`${app.origin}${path}`, { headers })).status;
    return {
      logIn: (await app.newVisitor().get('/login')).status,
      home: (await visitor.get('/')).status,
      keys: (await visitor.get('/profile/api-keys')).status,
      check: await get('/auth/verify'),
      whoami: await get('/api/whoami'),
      echo: await get(`/api/?api_action=test.echo&api_key=${secret}`),
    };
  };
  /** Waits, since /readyz repeats an answer for a second. */
  const readyIs = (status: number) =>
    until(
      `/readyz is ${status}`,
      async () => (await fetch(`${app.origin}/readyz`)).status === status,
    );
  const before = await statuses();
  await readyIs(200);
  assert.equal(before.check, 204);

  // As when the endpoint moves to a standby: the old connections end, the new ones are read-only.
  await setReadOnly(url, true);
  await cutConnections(url);
  const during = await statuses();
  assert.deepEqual(new Set(Object.values(during)), new Set([503]), JSON.stringify(during));
  await readyIs(503);
  await assert.rejects(openDatabase({ url }), DatabaseReadOnly);

  await setReadOnly(url, false);
  assert.deepEqual(await statuses(), before);
  await readyIs(200);
});
