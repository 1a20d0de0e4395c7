import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../../db/testing/databases.ts';
import { findUser } from '../../db/users.ts';
import { startApp } from '../testing/app.ts';
import { migrate, users } from '../testing/commands.ts';
import { newPhone, type Phone } from '../testing/two-factor.ts';
import { addUser, PASSWORD } from '../testing/users.ts';

describe('npm run users, beside a running app', { skip: noPostgres }, () => {
  let env: Record<string, string>;
  let db: Database;
  let app: Awaited<ReturnType<typeof startApp>>;
  before(async () => {
    env = { DATABASE_URL: await createTestDatabase() };
    db = await openDatabase({ url: env.DATABASE_URL ?? '' });
    app = await startApp(db);
    await addUser(db, 'ada');
  });
  after(async () => {
    await app.close();
    await db.destroy();
    await dropTestDatabase(env.DATABASE_URL ?? '');
  });

  test('adds a user who can log in, and lists them', async () => {
    const added = await users(env, ['add', 'eve', 'eve@example.com'], `${PASSWORD}\n`);
    assert.deepEqual(added, {
      status: 0,
      stdout: 'Added eve, with these permissions: * (* is all of them).\n',
      stderr: '',
    });
    assert.equal((await app.newVisitor().logIn('eve')).status, 303);
    assert.deepEqual(await eventsOf('eve'), ['user added', 'log in']);
    assert.equal(
      (await users(env, ['list'])).stdout,
      'ada\tada@example.com\neve\teve@example.com\n',
    );
  });

  test('disabling ends the sessions of a user, and enabling does not bring them back', async () => {
    const visitor = await app.signIn('ada');
    assert.equal((await users(env, ['disable', 'ada'])).status, 0);
    assert.equal((await visitor.get('/')).location, '/login');
    assert.equal((await app.newVisitor().logIn('ada')).status, 401);
    assert.match((await users(env, ['list'])).stdout, /^ada\t\S+\tdisabled \d{4}-/);
    assert.equal((await users(env, ['enable', 'ada'])).status, 0);
    assert.equal((await visitor.get('/')).location, '/login');
    assert.equal((await app.newVisitor().logIn('ada')).status, 303);
  });

  test('a new password ends the sessions and replaces the old one', async () => {
    await addUser(db, 'pia');
    const visitor = await app.signIn('pia');
    assert.equal((await users(env, ['password', 'pia'], 'another password')).status, 0);
    assert.equal((await visitor.get('/')).location, '/login');
    assert.equal((await app.newVisitor().logIn('pia')).status, 401);
    assert.equal((await app.newVisitor().logIn('pia', 'another password')).status, 303);
    assert.ok((await eventsOf('pia')).includes('password changed'));
  });

  test('permissions are shown and set, and hold for the keys of the user at once', async () => {
    const { secret } = await (await app.signIn('ada')).createKey();
    const check = async () => {
      const headers = { 'x-api-key': secret };
      return (await fetch(`${app.origin}/auth/verify?permission=domains`, { headers })).status;
    };
    assert.equal((await users(env, ['permissions', 'ada'])).stdout, '*\n');
    assert.equal(await check(), 204);
    assert.equal((await users(env, ['permissions', 'ada', 'none'])).stdout, '(none)\n');
    assert.equal(await check(), 403);
    assert.equal(
      (await users(env, ['permissions', 'ada', 'domains', 'linodes'])).stdout,
      'domains linodes\n',
    );
    assert.equal(await check(), 204);
    assert.equal((await users(env, ['permissions', 'ada', '*'])).status, 0);
  });

  test('keys are listed without their secrets, and removed by their prefix, at once', async () => {
    const { secret } = await (await app.signIn('ada')).createKey({
      label: 'to be removed',
    });
    const prefix = secret.slice(0, 16);
    const listed = await users(env, ['keys', 'list', 'ada']);
    assert.match(listed.stdout, new RegExp(`^${prefix}\tto be removed\t\\S+Z\tnever\tnever$`, 'm'));
    assert.ok(!listed.stdout.includes(secret));
    const json: Record<string, unknown>[] = JSON.parse(
      (await users(env, ['keys', 'list', 'ada', '--json'])).stdout,
    );
    assert.equal(json.find((key) => key.prefix === prefix)?.label, 'to be removed');

    assert.equal((await users(env, ['keys', 'remove', 'ada', prefix])).status, 0);
    const check = await fetch(`${app.origin}/auth/verify`, { headers: { 'x-api-key': secret } });
    assert.equal(check.headers.get('x-auth-reason'), 'removed');
    const again = await users(env, ['keys', 'remove', 'ada', prefix]);
    assert.deepEqual([again.status, again.stdout], [0, 'The key was already removed.\n']);
  });

  test('shows what is known about a user, for people and for programs', async () => {
    const { stdout } = await users(env, ['show', 'ADA']);
    assert.match(stdout, /^username\tada\nemail\tada@example\.com\npermissions\t\*\n/);
    assert.match(stdout, /^disabled at\t-$/m);
    assert.doesNotMatch(stdout, /\$2b\$/);
    const json = JSON.parse((await users(env, ['show', 'ada', '--json'])).stdout);
    assert.equal(json.username, 'ada');
    assert.equal(json.activeKeys, 1);
    assert.deepEqual(json.permissions, ['*']);
    const [listed] = JSON.parse((await users(env, ['list', '--json'])).stdout);
    assert.equal(listed.email, 'ada@example.com');
  });

  test('re-encrypts two-factor secrets, and says when a key can be removed', async () => {
    const [old, newer, unknown] = ['o'.repeat(32), 'n'.repeat(32), 'u'.repeat(32)];
    const phones = new Map<string, Phone>();
    for (const [name, key] of [
      ['two-factor-1', old],
      ['two-factor-2', old],
      ['two-factor-3', unknown],
    ] as const) {
      await addUser(db, name);
      phones.set(name, await newPhone(db, name, [key]));
    }
    const run = (keys: string) => users({ ...env, ENCRYPTION_KEY: keys }, ['re-encrypt']);
    const first = await run(`${newer},${old}`);
    assert.equal(first.status, 1);
    assert.match(
      first.stderr,
      /^Re-encrypted: 2\. Still encrypted with other keys: the secrets of two-factor-3\./,
    );
    const second = await run(`${newer},${old},${unknown}`);
    assert.equal(second.status, 0);
    assert.match(second.stdout, /^Re-encrypted: 1\. .*The others can be removed/);
    assert.match((await run(newer)).stdout, /^Re-encrypted: 0\./);
    assert.equal((await users(env, ['re-encrypt'])).stderr, 'ENCRYPTION_KEY is not set.\n');

    const restarted = await startApp(db, { encryptionKeys: [newer] });
    for (const [name, phone] of phones) {
      const visitor = restarted.newVisitor();
      await visitor.logInWithoutCode(name);
      assert.equal((await visitor.enterCode(await phone.code())).status, 303, name);
    }
    await restarted.close();
  });

  test('a temporary password is announced, listed until it is changed, and refused when lapsed', async () => {
    await addUser(db, 'tim');
    const set = await users(env, ['password', 'tim', '--temporary'], 'a temporary one');
    assert.equal(
      set.stdout,
      'Changed the password of tim. It has to be changed at the next log in, within 7 days.\n',
    );
    const visitor = app.newVisitor();
    await visitor.get('/login');
    const fields = { username: 'tim', password: 'a temporary one' };
    assert.equal((await visitor.post('/login', fields)).location, '/');
    assert.equal((await visitor.get('/')).location, '/login/password');
    assert.match(
      (await users(env, ['list'])).stdout,
      /^tim\t\S+\ttemporary password lapses \S+Z$/m,
    );
    assert.match(
      (await users(env, ['show', 'tim'])).stdout,
      /^password lapses at\t\S+Z\npassword lapsed\tfalse$/m,
    );

    await sql`update users set password_lapses_at = now() where username = 'tim'`.execute(db);
    assert.equal((await app.newVisitor().logIn('tim', 'a temporary one')).status, 401);
    assert.match(
      (await users(env, ['list'])).stdout,
      /^tim\t\S+\ttemporary password lapsed \S+Z$/m,
    );
    assert.equal(
      JSON.parse((await users(env, ['show', 'tim', '--json'])).stdout).passwordLapsed,
      true,
    );

    const last = await users(env, ['password', 'tim', '--json'], 'another password');
    assert.deepEqual(JSON.parse(last.stdout), { username: 'tim', temporary: false });
    assert.match((await users(env, ['list'])).stdout, /^tim\t\S+$/m);
    assert.equal((await app.newVisitor().logIn('tim', 'another password')).status, 303);
  });

  test('a new user can have a temporary password, too', async () => {
    const added = await users(env, ['add', 'tom', '--temporary'], PASSWORD);
    assert.match(
      added.stdout,
      /\. The password is temporary\. It has to be changed at the next log in/,
    );
    const visitor = app.newVisitor();
    await visitor.get('/login');
    await visitor.post('/login', { username: 'tom', password: PASSWORD });
    assert.equal((await visitor.get('/')).location, '/login/password');
  });

  test('two-factor authentication is disabled at once, which is an event', async () => {
    await addUser(db, 'una');
    await newPhone(db, 'una');
    const pending = app.newVisitor();
    await pending.logInWithoutCode('una');
    assert.match((await users(env, ['show', 'una'])).stdout, /^two factor\ttrue$/m);
    const listed = async () => (await users(env, ['list'])).stdout;
    assert.match(await listed(), /^una\t\S+\ttwo-factor authentication$/m);
    const off = await users(env, ['two-factor', 'una', '--off']);
    assert.match(await listed(), /^una\t\S+$/m);
    assert.deepEqual(off, {
      status: 0,
      stdout: 'Disabled two-factor authentication for una.\n',
      stderr: '',
    });
    assert.equal((await pending.post('/login/two-factor', { token: '1' })).location, '/login');
    const visitor = await app.signIn('una');
    const { body } = await visitor.get('/profile/activity');
    assert.match(body, />Two-factor authentication disabled</);
    const again = await users(env, ['two-factor', 'una', '--off']);
    assert.deepEqual(
      [again.status, again.stdout],
      [0, 'una has not enabled two-factor authentication.\n'],
    );
    const kinds = (await eventsOf('una')).filter((kind) => kind === 'two-factor disabled');
    assert.equal(kinds.length, 1);
  });

  test('every change is an event, which the user sees', async () => {
    const visitor = await app.signIn('ada');
    const { body } = await visitor.get('/profile/activity');
    for (const words of ['Permissions changed', 'Removed key lmk.{13}…']) {
      assert.match(body, new RegExp(`>${words}<`));
    }
    const events = await eventsOf('ada');
    for (const kind of ['user disabled', 'user enabled']) assert.ok(events.includes(kind), kind);
  });

  test('a key is paused, shown and resumed by its prefix, at once', async () => {
    const { secret } = await (await app.signIn('ada')).createKey();
    const prefix = secret.slice(0, 16);
    const keys = (command: string, ...more: string[]) =>
      users(env, ['keys', command, 'ada', prefix, ...more]);
    const check = async () => {
      const headers = { 'x-api-key': secret };
      const answer = await fetch(`${app.origin}/auth/verify`, { headers });
      return [answer.status, Number(answer.headers.get('retry-after') ?? 0) > 0];
    };
    assert.equal((await keys('pause', '15')).stdout, `Paused ${prefix} of ada.\n`);
    assert.deepEqual(await check(), [401, true]);
    assert.match((await keys('show')).stdout, /^state\tpaused\n[\s\S]*^paused until\t\S+Z$/m);
    assert.equal((await keys('pause')).status, 0);
    assert.deepEqual(await check(), [401, false]);
    assert.equal(JSON.parse((await keys('show', '--json')).stdout).pausedUntil, null);
    assert.equal((await keys('resume')).stdout, `Resumed ${prefix} of ada.\n`);
    assert.deepEqual(await check(), [204, false]);
    assert.equal((await keys('resume')).stdout, 'The key is not paused.\n');
    assert.equal((await keys('pause', '1.5')).stderr.includes('whole number from 1'), true);

    await keys('remove');
    for (const command of ['pause', 'resume']) {
      const refused = await keys(command);
      assert.deepEqual([refused.status, refused.stderr], [1, 'The key was removed.\n']);
    }
    assert.deepEqual((await eventsOf('ada')).slice(-4), [
      'key paused',
      'key paused',
      'key resumed',
      'key removed',
    ]);
  });

  test('--help prints the usage', async () => {
    const { status, stdout, stderr } = await users(env, ['--help']);
    assert.equal(status, 0);
    assert.equal(stderr, '');
    assert.match(
      stdout,
      /^Usage: npm run users -- COMMAND[\s\S]*resume, remove NAME[\s\S]*Exit code/,
    );
  });

  const refused: [string, string[], string, RegExp][] = [
    ['a name that is taken', ['add', 'ada'], PASSWORD, /There is a user ada already\./],
    ['a name with a space', ['add', 'a b'], PASSWORD, /A user name has 1 to 32 characters/],
    ['a short password', ['add', 'bob'], 'short', /Use at least 8 characters/],
    ['the name as a password', ['add', 'bob'], 'bob.bob.bob', /This is the user name/],
    ['the name as a new password', ['password', 'ada'], 'Ada.Ada.1', /This is the user name/],
    ['the current password', ['password', 'ada'], PASSWORD, /current password of ada/],
    ['an over-long password', ['add', 'bob'], 'é'.repeat(37), /at most 72 bytes/],
    ['an unknown user', ['disable', 'bob'], '', /There is no user bob\./],
    ['the keys of an unknown user', ['keys', 'list', 'bob'], '', /There is no user bob\./],
    ['a key that is not there', ['keys', 'remove', 'ada', 'lmk'], '', /ada has no key lmk\./],
    [
      'a text that is not a permission',
      ['permissions', 'ada', 'A B'],
      '',
      /"A B" can't be a permission\./,
    ],
    ['permissions together with none', ['permissions', 'ada', 'a', 'none'], '', /not both/],
    [
      'a text that is not an email address',
      ['add', 'bob', 'carol'],
      PASSWORD,
      /"carol" is not an email/,
    ],
    ['no password', ['add', 'bob'], '', /There is no password to read\./],
  ];
  for (const [what, args, input, sentence] of refused) {
    test(`${what} is refused with exit code 1 and a sentence`, () =>
      refuses(1, args, input, sentence));
  }

  const notUnderstood: [string, string[]][] = [
    ['an unknown command', ['promote', 'ada']],
    ['a command without its second word', ['keys']],
    ['an unknown option', ['list', '--all']],
    ['an option of another command', ['disable', 'ada', '--temporary']],
    ['two-factor without --off', ['two-factor', 'ada']],
    ['two-factor --off with a value', ['two-factor', 'ada', '--off=yes']],
    ['an option of earlier versions', ['permissions', 'ada', '--none']],
    ['a missing argument', ['show']],
    ['one argument too many', ['show', 'ada', 'bob']],
    ['no command', []],
  ];
  for (const [what, args] of notUnderstood) {
    test(`${what} is answered with exit code 2 and the usage`, () =>
      refuses(2, args, '', /^Usage: npm run users/m));
  }

  test('a password is typed twice, is not shown, and is the same in every Unicode form', async () => {
    const [one, other] = ['cafe\u0301 au lait', 'caf\u00e9 au lait'];
    const typed = `${one}\r${other}\r`;
    assert.deepEqual(await users(env, ['add', 'grace'], typed, { isTTY: true }), {
      status: 0,
      stdout: 'Added grace, with these permissions: * (* is all of them).\n',
      stderr: 'Password: \nPassword again: \n',
    });
    for (const password of [one, other]) {
      assert.equal((await app.newVisitor().logIn('grace', password)).status, 303);
    }

    const mistyped = await users(env, ['add', 'bob'], `${one}\rx${one}\r`, { isTTY: true });
    assert.equal(mistyped.status, 1);
    assert.match(mistyped.stderr, /The passwords do not match\.\n$/);
    assert.equal(await findUser(db, 'bob'), undefined);
  });

  test('Ctrl-C at the password exits with 130, without a message', async () => {
    for (const typed of ['\x03', 'half a pass\x03', `${PASSWORD}\r\x03`]) {
      const { status, stdout, stderr } = await users(env, ['add', 'bob'], typed, { isTTY: true });
      assert.equal(status, 130);
      assert.equal(stdout, '');
      assert.match(stderr, /^Password: \n(Password again: \n)?$/);
      assert.equal(await findUser(db, 'bob'), undefined);
    }
  });

  test('options that npm keeps for itself are followed or refused', async () => {
    const json = await users({ ...env, npm_config_json: 'true' }, ['permissions', 'ada']);
    assert.deepEqual(JSON.parse(json.stdout), { username: 'ada', permissions: ['*'] });
    const none = await users({ ...env, npm_config_none: 'true' }, ['permissions', 'ada']);
    assert.deepEqual(none, {
      status: 2,
      stdout: '',
      stderr: 'There is no option --none. Use: npm run users permissions NAME none\n',
    });
    const temporary = { ...env, npm_config_temporary: 'true' };
    const added = await users(temporary, ['add', 'npm', '--json'], PASSWORD);
    assert.equal(JSON.parse(added.stdout).temporary, true);
    const other = await users(temporary, ['two-factor', 'npm', '--off']);
    assert.equal(other.status, 2);
    assert.match(other.stderr, /^error: unknown option '--temporary'\n/);
    const off = { ...env, npm_config_off: 'true' };
    assert.equal((await users(off, ['two-factor', 'npm'])).status, 0);
    const email = { ...env, npm_config_email: 'author@example.com' };
    assert.equal((await users(email, ['list'])).status, 0);
  });

  test('adding a user as a program loads neither Express nor EJS', () => {
    const listModules = `
      import { registerHooks } from 'node:module';
      const urls = [];
      registerHooks({
        load(url, context, nextLoad) {
          urls.push(url);
          return nextLoad(url, context);
        },
      });
      process.on('exit', () => console.error(urls.join('\\n')));`;
    const hook = `data:text/javascript,${encodeURIComponent(listModules)}`;
    const program = path.resolve(import.meta.dirname, 'users.ts');
    const child = spawnSync(process.execPath, ['--import', hook, program, 'add', 'lin'], {
      env: { PATH: process.env.PATH, ...env },
      input: PASSWORD,
      encoding: 'utf8',
    });
    assert.equal(child.status, 0);
    assert.match(child.stdout, /^Added lin, /);
    const modules = child.stderr.trim().split('\n');
    assert.ok(modules.some((url) => url.endsWith('/cli/users/add.ts')));
    const unneeded = modules.filter((url) =>
      /node_modules\/(express|ejs|pino|helmet|csurf)/.test(url),
    );
    assert.deepEqual(unneeded, []);
    // Two thirds of them are Kysely's.
    assert.ok(modules.length < 440, `${modules.length} modules`);
  });

  async function eventsOf(username: string): Promise<string[]> {
    const events = await db
      .selectFrom('events')
      .innerJoin('users', 'users.id', 'events.user_id')
      .select('kind')
      .where('username', '=', username)
      .execute();
    return events.map((event) => event.kind);
  }

  async function refuses(code: number, args: string[], input: string, sentence: RegExp) {
    const { status, stdout, stderr } = await users(env, args, input);
    assert.equal(status, code);
    assert.equal(stdout, '');
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /\bat .+:\d+:\d+/);
    assert.equal(await findUser(db, 'bob'), undefined);
  }
});

test('a command in another folder creates no database, and names the one that it looked for', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'users-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const DATA_DIR = path.join(folder, 'data');
  const { status, stdout, stderr } = await users({ DATA_DIR }, ['add', 'ada'], PASSWORD);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.ok(stderr.startsWith(`There is no database in ${DATA_DIR}.`), stderr);
  assert.ok(!existsSync(DATA_DIR));

  assert.deepEqual(await migrate({ DATA_DIR }), { status, stdout, stderr });
  assert.ok(!existsSync(DATA_DIR));
});

test('a command creates no tables in an empty PostgreSQL database; npm run migrate does', {
  skip: noPostgres,
}, async (t) => {
  const url = await createTestDatabase();
  t.after(() => dropTestDatabase(url));
  const env = { DATABASE_URL: url };
  const { status, stderr } = await users(env, ['add', 'ada'], PASSWORD);
  assert.equal(status, 1);
  const name = new URL(url).pathname.slice(1);
  assert.ok(
    stderr.startsWith(`There are no tables of the app in the database ${name} on `),
    stderr,
  );

  for (const [args, exitCode] of [
    [['--help'], 0],
    [['--dry-run'], 2],
    [['now'], 2],
  ] satisfies [string[], number][]) {
    const explained = await migrate(env, args);
    assert.equal(explained.status, exitCode);
    assert.match(explained.stdout + explained.stderr, /^npm run migrate takes no arguments\./);
    assert.equal((await users(env, ['list'])).status, 1, 'There are tables.');
  }
  const program = path.resolve(import.meta.dirname, 'migrate.ts');
  const child = spawnSync(process.execPath, [program], {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  });
  assert.equal(child.status, 0);
  assert.equal(child.stdout, 'The database is up to date.\n');
  assert.deepEqual(await users(env, ['list']), { status: 0, stdout: '', stderr: '' });
});

test('when the database does not answer, the command says so', async () => {
  const env = { DATABASE_URL: 'postgres://127.0.0.1:1/' };
  const { status, stdout, stderr } = await users(env, ['list']);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^The database of DATABASE_URL does not answer \(.*ECONNREFUSED.*\)\.\n$/);
});
