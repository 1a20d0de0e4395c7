import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../../db/test-databases.ts';
import { findUser } from '../../db/users.ts';
import { PASSWORD } from '../test-users.ts';
import { startApp } from '../testing.ts';

function users(env: Record<string, string>, args: string[], input = '') {
  const program = path.resolve(import.meta.dirname, 'users.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, ...env },
    input,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('npm run users, beside a running app', { skip: noPostgres }, () => {
  let env: Record<string, string>;
  let db: Database;
  let app: Awaited<ReturnType<typeof startApp>>;
  before(async () => {
    env = { DATABASE_URL: await createTestDatabase() };
    db = await openDatabase({ url: env.DATABASE_URL ?? '' });
    app = await startApp(db);
  });
  after(async () => {
    await app.close();
    await db.destroy();
    await dropTestDatabase(env.DATABASE_URL ?? '');
  });

  test('adds a user who can log in, and lists them', async () => {
    const added = users(env, ['add', 'ada', '--email', 'ada@example.com'], `${PASSWORD}\n`);
    assert.deepEqual(added, { status: 0, stdout: 'Added ada.\n', stderr: '' });
    assert.equal((await app.newVisitor().logIn('ada')).status, 303);
    assert.equal(users(env, ['list']).stdout, 'ada\tada@example.com\n');
  });

  test('disabling ends the sessions of a user, and enabling does not bring them back', async () => {
    const visitor = await app.signIn('ada');
    assert.equal(users(env, ['disable', 'ada']).status, 0);
    assert.equal((await visitor.get('/')).location, '/login');
    assert.equal((await app.newVisitor().logIn('ada')).status, 401);
    assert.match(users(env, ['list']).stdout, /^ada\t\S+\tdisabled \d{4}-/);
    assert.equal(users(env, ['enable', 'ada']).status, 0);
    assert.equal((await visitor.get('/')).location, '/login');
    assert.equal((await app.newVisitor().logIn('ada')).status, 303);
  });

  test('a new password ends the sessions and replaces the old one', async () => {
    const visitor = await app.signIn('ada');
    assert.equal(users(env, ['password', 'ada'], 'another password').status, 0);
    assert.equal((await visitor.get('/')).location, '/login');
    assert.equal((await app.newVisitor().logIn('ada')).status, 401);
    assert.equal((await app.newVisitor().logIn('ada', 'another password')).status, 303);
  });

  const refused: [string, string[], string, RegExp][] = [
    ['a name that is taken', ['add', 'ada'], PASSWORD, /There is a user ada already\./],
    ['a name with a space', ['add', 'a b'], PASSWORD, /A user name has 1 to 32 characters/],
    ['a short password', ['add', 'bob'], 'short', /at least 8 characters/],
    ['an over-long password', ['add', 'bob'], 'é'.repeat(37), /at most 72 bytes/],
    ['an unknown user', ['disable', 'bob'], '', /There is no user bob\./],
    ['an unknown command', ['promote', 'ada'], '', /^Usage: npm run users/],
    ['an unknown option', ['list', '--all'], '', /^Usage: npm run users/],
    ['no command', [], '', /^Usage: npm run users/],
  ];
  for (const [what, args, input, sentence] of refused) {
    test(`${what} is refused with exit code 1 and a sentence`, async () => {
      const { status, stdout, stderr } = users(env, args, input);
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(stderr, sentence);
      assert.doesNotMatch(stderr, /\bat .+:\d+:\d+/);
      assert.equal(await findUser(db, 'bob'), undefined);
    });
  }
});

test('on the embedded database it says that the app has to be stopped first', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'users-'));
  const running = await openDatabase({ folder });
  const { status, stderr } = users({ DATA_DIR: folder }, ['list']);
  await running.destroy();
  assert.equal(status, 1);
  assert.match(stderr, /is open in another process\. Stop that one first/);

  assert.equal(users({ DATA_DIR: folder }, ['add', 'ada'], PASSWORD).status, 0);
  assert.equal(users({ DATA_DIR: folder }, ['list']).stdout, 'ada\t-\n');
  rmSync(folder, { recursive: true });
});
