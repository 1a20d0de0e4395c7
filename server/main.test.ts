import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import bcrypt from 'bcryptjs';
import { sql } from 'kysely';
import { openDatabase } from '../db/database.ts';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../db/testing/databases.ts';
import { addKey, addUser } from '../db/testing/rows.ts';
import { findUser } from '../db/users.ts';
import { listeningAt } from './http/listening-at.ts';
import { RunningProcess } from './testing/processes.ts';
import { ENCRYPTION_KEY, newPhone } from './testing/two-factor.ts';
import { Visitor } from './testing/visitor.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'main-'));
/** Of most tests: a start is quicker where there is a database. */
const DATA_DIR = path.join(folder, 'data');
const running: RunningProcess[] = [];
after(() => {
  for (const app of running) app.child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function run(env: Record<string, string> = {}): RunningProcess {
  const app = new RunningProcess({ DATA_DIR, ...env });
  running.push(app);
  return app;
}

test('starts from nothing, tells the password once, keeps what it was told, and stops with 0', async () => {
  const first = run();
  const url = await first.started();
  const { password = '' } = first;
  assert.ok(password.length >= 12);
  assert.doesNotMatch(first.output, /Metrics/);
  assert.equal((await new Visitor(url).logIn('linodedemo', password)).status, 303);

  const second = run();
  assert.equal(await second.exitCode(), 1);
  assert.match(
    second.output,
    /^The database in \S+ is open in another process\. Stop that one first/,
  );

  first.child.kill('SIGTERM');
  assert.equal(await first.exitCode(), 0);

  const third = run();
  const visitor = new Visitor(await third.started());
  assert.match(third.output, /Log in as linodedemo\n/);
  assert.equal((await visitor.logIn('linodedemo', password)).status, 303);
  third.child.kill('SIGKILL');
  await third.exitCode();

  const fourth = run();
  const later = await new Visitor(await fourth.started()).get('/', {
    cookie: visitor.cookieHeader(),
  });
  assert.match(later.body, /Signed in as linodedemo/);
  fourth.child.kill('SIGINT');
  assert.equal(await fourth.exitCode(), 0);

  const fifth = run({ FIRST_USERNAME: 'admin', FIRST_PASSWORD: 'a given password' });
  const visitorAgain = new Visitor(await fifth.started());
  await fifth.printed(/users already, so FIRST_USERNAME and FIRST_PASSWORD were ignored\.\n/);
  assert.doesNotMatch(fifth.output, /Log in as/);
  assert.equal((await visitorAgain.logIn('admin', 'a given password')).status, 401);
  fifth.child.kill('SIGTERM');
  assert.equal(await fifth.exitCode(), 0);

  const db = await openDatabase({ folder: DATA_DIR });
  const digest = (await findUser(db, 'linodedemo'))?.passwordDigest ?? '';
  await db.destroy();
  assert.equal(bcrypt.getRounds(digest), 11);
});

test('metrics have a port of their own, where one is set', async () => {
  const app = run({ METRICS_PORT: '0' });
  const url = await app.started();
  const metrics = /Metrics are at (\S+)\n/.exec(app.output)?.[1] ?? '';
  await (await fetch(`${url}/auth/verify`)).body?.cancel();
  const text = await (await fetch(metrics)).text();
  assert.match(text, /^key_checks_total\{outcome="missing"\} 1$/m);
  app.child.kill('SIGTERM');
  assert.equal(await app.exitCode(), 0);
});

test('answers what is in flight before it stops', async () => {
  const app = run({ DATA_DIR: path.join(folder, 'in-flight'), FIRST_PASSWORD: 'a given password' });
  const visitor = new Visitor(await app.started());
  assert.doesNotMatch(app.output, /password/);
  await visitor.get('/login');
  const answers = Array.from({ length: 4 }, () =>
    visitor.post('/login', { username: 'linodedemo', password: 'a wrong password' }),
  );
  // The first one's answer shows that the others have arrived as well: each has its connection.
  await answers[0];
  app.child.kill('SIGTERM');
  for (const answer of answers) assert.equal((await answer).status, 401);
  assert.equal(await app.exitCode(), 0);
});

const stops: [string, NodeJS.Signals, (npm: ChildProcess) => number][] = [
  ['SIGTERM to npm', 'SIGTERM', ({ pid = 0 }) => pid],
  // As Ctrl-C in a terminal: npm passes it on, so that the app gets it twice.
  ['SIGINT to the process group', 'SIGINT', ({ pid = 0 }) => -pid],
];
for (const [what, signal, receiver] of stops) {
  test(`${what} stops npm start, after the request in flight`, async () => {
    const npm = spawn('npm', ['start', '--silent'], {
      cwd: path.resolve(import.meta.dirname, '..'),
      env: {
        ...process.env,
        PORT: '0',
        DATA_DIR: path.join(folder, signal),
        FIRST_PASSWORD: 'a given password',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let output = '';
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    while (!output.includes('Log in as')) await once(npm.stdout, 'data');
    const visitor = new Visitor(/Linode Manager is at (\S+)/.exec(output)?.[1] ?? '');
    await visitor.get('/login');
    const answers = Array.from({ length: 4 }, () =>
      visitor.post('/login', { username: 'linodedemo', password: 'a wrong password' }),
    );
    await answers[0];
    process.kill(receiver(npm), signal);
    for (const answer of answers) assert.equal((await answer).status, 401);
    await once(npm, 'close');
    // The folder is free: the app itself has ended, not only npm.
    await (await openDatabase({ folder: path.join(folder, signal) })).destroy();
  });
}

test('a configuration that cannot be used ends it with 1, and everything that is wrong with it', async () => {
  const app = run({ PORT: 'x', PUBLIC_URL: 'https://keys.example.com', FIRST_PASSWORD: 'short' });
  assert.equal(await app.exitCode(), 1);
  assert.match(app.output, /TRUST_PROXY[\s\S]*PORT[\s\S]*FIRST_PASSWORD/);
  assert.doesNotMatch(app.output, /\bat .+:\d+:\d+/);
});

test('a port that is taken ends it with 1 and a sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const app = run({ PORT: new URL(listeningAt(other)).port });
  assert.equal(await app.exitCode(), 1);
  assert.match(app.output, /Port \d+ on 127\.0\.0\.1 is in use/);
  assert.doesNotMatch(app.output, /\bat .+:\d+:\d+/);
  other.close();
});

const unreachable: [string, Record<string, string>, RegExp][] = [
  [
    'a database that does not answer',
    { DATABASE_URL: 'postgres://127.0.0.1:1/keys', SESSION_SECRET: 's'.repeat(32) },
    /The database of DATABASE_URL does not answer/,
  ],
  [
    'an address that is not one of this machine',
    { HOST: '192.0.2.1' },
    /HOST is no address of this machine/,
  ],
  [
    'a host name that is unknown',
    { HOST: 'unknown.invalid' },
    /HOST is no address of this machine/,
  ],
];
if (process.env.TEST_DATABASE_URL) {
  const url = new URL(process.env.TEST_DATABASE_URL);
  url.pathname = '/not_there';
  unreachable.push([
    'a database that is not there',
    { DATABASE_URL: url.href, SESSION_SECRET: 's'.repeat(32) },
    /^The database of DATABASE_URL refuses the connection \(database "not_there" does not exist\)\.$/m,
  ]);
}
for (const [what, env, sentence] of unreachable) {
  test(`${what} ends it with 1 and a sentence`, async () => {
    const app = run(env);
    assert.equal(await app.exitCode(), 1);
    assert.match(app.output, sentence);
    assert.doesNotMatch(app.output, /\bat .+:\d+:\d+/);
  });
}

test('a database that a later version has used ends it, and a command, with 1 and a sentence', async () => {
  const DATA_DIR = path.join(folder, 'later');
  const db = await openDatabase({ folder: DATA_DIR });
  await sql`insert into kysely_migration values ('9999-later', now()::text)`.execute(db);
  await db.destroy();

  const sentence = /^The database was brought up to date \(9999-later\) by a later version/;
  const app = run({ DATA_DIR });
  assert.equal(await app.exitCode(), 1);
  assert.match(app.output, sentence);
  assert.doesNotMatch(app.output, /\bat .+:\d+:\d+/);

  const program = path.resolve(import.meta.dirname, 'cli/users.ts');
  const env = { PATH: process.env.PATH, DATA_DIR };
  const users = spawnSync(process.execPath, [program, 'list'], { env, encoding: 'utf8' });
  assert.equal(users.status, 1);
  assert.match(users.stderr, sentence);
});

test('several instances that start at once on an empty PostgreSQL create one first user', {
  skip: noPostgres,
}, async () => {
  const database = await createTestDatabase();
  const env = { DATABASE_URL: database, SESSION_SECRET: 'shared by all instances and long enough' };
  const instances = [run(env), run(env), run(env)];
  const urls = await Promise.all(instances.map((instance) => instance.started()));
  const passwords = instances.flatMap((instance) => instance.password ?? []);
  assert.equal(passwords.length, 1);

  // A session is valid on all instances.
  const visitor = new Visitor(urls[0] ?? '');
  await visitor.logIn('linodedemo', passwords[0]);
  for (const url of urls) {
    const answer = await new Visitor(url).get('/', { cookie: visitor.cookieHeader() });
    assert.match(answer.body, /Signed in as linodedemo/);
  }
  for (const { child } of instances) child.kill('SIGTERM');
  for (const instance of instances) assert.equal(await instance.exitCode(), 0);
  await dropTestDatabase(database);
});

test('deletes at once what is due when it starts', {
  skip: noPostgres,
  timeout: 60_000,
}, async ({ signal }) => {
  const url = await createTestDatabase();
  const db = await openDatabase({ url });
  await addKey(db, await addUser(db, 'ada'));
  await sql`update api_keys set removed_at = now() - interval '91 days'`.execute(db);
  const app = run({ DATABASE_URL: url, SESSION_SECRET: 'shared by all copies and long enough' });
  await app.started();
  let keys: unknown[];
  do keys = await db.selectFrom('api_keys').select('id').execute();
  while (keys.length > 0 && !signal.aborted);
  app.child.kill('SIGTERM');
  assert.equal(await app.exitCode(), 0);
  assert.doesNotMatch(app.output, /not swept/);
  await db.destroy();
  await dropTestDatabase(url);
});

test('without the key of users with two-factor authentication it does not start, and says why', {
  skip: noPostgres,
}, async () => {
  const database = await createTestDatabase();
  const env = { DATABASE_URL: database, SESSION_SECRET: 'shared by all instances and long enough' };
  const first = run(env);
  await first.started();
  first.child.kill('SIGTERM');
  await first.exitCode();
  const db = await openDatabase({ url: database });
  await newPhone(db, 'linodedemo');
  await db.destroy();

  const without = run(env);
  assert.equal(await without.exitCode(), 1);
  assert.match(without.output, /^ENCRYPTION_KEY is not set, but there are users with two-factor/);
  const withKey = run({ ...env, ENCRYPTION_KEY });
  await withKey.started();
  withKey.child.kill('SIGTERM');
  assert.equal(await withKey.exitCode(), 0);
  await dropTestDatabase(database);
});
