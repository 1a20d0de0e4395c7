// The commands of docs/production.md, unchanged.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../../db/testing/databases.ts';
import { findPrograms } from '../../db/testing/postgres.ts';
import { loadConfig } from '../../server/config/config.ts';
import { startApp } from '../../server/testing/app.ts';
import { addUser } from '../../server/testing/users.ts';
import { commandsOf, run } from './commands.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'production-'));
after(() => rmSync(folder, { recursive: true }));

const block = commandsOf('production.md');

const noTools =
  noPostgres || (findPrograms() === undefined && 'there are no programs of PostgreSQL');

describe('PostgreSQL, backed up and restored', { skip: noTools }, () => {
  const opened = new AsyncDisposableStack();
  after(() => opened.disposeAsync());

  async function newDatabase(): Promise<string> {
    const url = await createTestDatabase();
    opened.defer(() => dropTestDatabase(url));
    return url;
  }

  async function appOn(url: string, sessionSecret: string) {
    const app = await appWith({ DATABASE_URL: url, SESSION_SECRET: sessionSecret });
    const reason = async (key = '') => {
      const answer = await fetch(`${app.origin}/auth/verify`, { headers: { 'x-api-key': key } });
      return answer.status === 204 ? 'good' : answer.headers.get('x-auth-reason');
    };
    return { ...app, reason };
  }

  test('keys removed since the backup work after the restore until the commands remove them', async () => {
    const DATABASE_URL = await newDatabase();
    const RESTORED_URL = await newDatabase();
    const env = { DATABASE_URL, RESTORED_URL };
    const dump = path.join(folder, 'keys.dump');
    const inFolder = (lines: string) => lines.replace('keys.dump', dump);

    const app = await appOn(DATABASE_URL, 'the old secret of thirty-two or more');
    await addUser(app.db, 'ada');
    const ada = await app.signIn('ada');
    const kept = (await ada.createKey({ label: 'kept' })).secret;
    const { secret: removed, id } = await ada.createKey({ label: 'removed' });
    await run(inFolder(block('pg_dump')), env);
    await ada.post(`/profile/api-keys/${id}/remove`);
    const line = `"method":"POST","path":"/profile/api-keys/${id}/remove","status":303`;
    assert.ok(app.logLines.join('').includes(line));
    const later = (await ada.createKey({ label: 'later' })).secret;
    assert.equal(await app.reason(removed), 'removed');
    const cookie = ada.cookieHeader();
    await ada.post('/logout');
    await app.close();

    await run(inFolder(block('pg_restore')), env);
    const careless = await appOn(RESTORED_URL, 'the old secret of thirty-two or more');
    assert.equal(await careless.reason(removed), 'good');
    assert.equal(await careless.reason(later), 'unknown');
    const back = await careless.newVisitor().get('/', { cookie });
    assert.match(back.body, /Signed in as ada/);
    await careless.close();

    await run(block('psql "$RESTORED_URL"'), env);
    const since = block('SINCE=');
    const changes = await run(since, env);
    assert.match(changes, /key removed *\| ada *\| lmk/);
    assert.match(changes, /key made *\| ada *\| lmk/);
    await run(`${since}\n${block('psql "$DATABASE_URL" --tuples-only')}`, env);
    const restored = await appOn(RESTORED_URL, 'the new secret of thirty-two or more');
    opened.defer(() => restored.close());
    assert.equal(await restored.reason(removed), 'removed');
    assert.equal(await restored.reason(kept), 'good');
    assert.deepEqual(await restored.db.selectFrom('devices').select('id').execute(), []);
    assert.equal((await restored.newVisitor().get('/', { cookie })).location, '/login');
    assert.equal((await restored.newVisitor().logIn('ada')).status, 303);
    assert.equal((await (await restored.signIn('ada')).createKey()).status, 200);
  });
});

test('a copy of the stopped embedded database has the keys, the sessions and the secret', async () => {
  const DATA_DIR = path.join(folder, 'data');
  const app = await appWith({ DATA_DIR });
  await addUser(app.db, 'ada');
  const visitor = await app.signIn('ada');
  const { secret } = await visitor.createKey();
  await app.close();

  await run(block('cp -a'), { DATA_DIR });
  const copy = `${DATA_DIR}-backup`;
  rmSync(DATA_DIR, { recursive: true });
  assert.equal(statSync(copy).mode & 0o777, 0o700);
  assert.equal(statSync(path.join(copy, 'session-secret')).mode & 0o777, 0o600);
  const restored = await appWith({ DATA_DIR: copy });
  const check = await fetch(`${restored.origin}/auth/verify`, { headers: { 'x-api-key': secret } });
  assert.equal(check.status, 204);
  const back = await restored.newVisitor().get('/', { cookie: visitor.cookieHeader() });
  assert.match(back.body, /Signed in as ada/);
  await restored.close();
});

/** The app with the database and the secrets of some settings. */
async function appWith(env: Record<string, string>) {
  const config = loadConfig(env);
  const db = await openDatabase(config.database);
  const app = await startApp(db, config, config.database);
  const close = async () => {
    await app.close();
    await db.destroy();
  };
  return { ...app, db, close };
}
