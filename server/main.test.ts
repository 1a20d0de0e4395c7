import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
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
import { until } from '../db/testing/until.ts';
import { findUser } from '../db/users.ts';
import { loadDatabaseLocation } from './config/config.ts';
import { listeningAt } from './http/listening-at.ts';
import { RunningProcess } from './testing/processes.ts';
import { ENCRYPTION_KEY, newPhone } from './testing/two-factor.ts';
import { type Answer, Visitor } from './testing/visitor.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'main-'));
const running: RunningProcess[] = [];
const databases: string[] = [];
after(async () => {
  await Promise.all(running.map((app) => app.kill()));
  rmSync(folder, { recursive: true });
  for (const database of databases) await dropTestDatabase(database);
});

function run(env: Record<string, string>): RunningProcess {
  const app = new RunningProcess(env);
  running.push(app);
  return app;
}

/** Settings for a new database: on PostgreSQL, where a start costs least, or embedded without it. */
async function newDatabase(): Promise<Record<string, string>> {
  return noPostgres ? { DATA_DIR: mkdtempSync(path.join(folder, 'data-')) } : newPostgres();
}

async function newPostgres() {
  const DATABASE_URL = await createTestDatabase();
  databases.push(DATABASE_URL);
  return { DATABASE_URL, SESSION_SECRET: 'shared by all instances and long enough' };
}

test('starts without a database, prints the password once, keeps the data, and stops with 0', async () => {
  const DATA_DIR = path.join(folder, 'from-nothing');
  const first = run({ DATA_DIR });
  const visitor = new Visitor(await first.started());
  const { password = '' } = first;
  assert.ok(password.length >= 12);
  assert.doesNotMatch(first.output, /Metrics/);
  assert.equal((await visitor.logIn('linodedemo', password)).status, 303);

  const second = run({ DATA_DIR });
  assert.equal(await second.exitCode(), 1);
  assert.match(
    second.output,
    /^The database in \S+ is open in another process\. Stop that one first/,
  );

  first.child.kill('SIGTERM');
  assert.equal(await first.exitCode(), 0);

  const third = run({ DATA_DIR, FIRST_USERNAME: 'admin', FIRST_PASSWORD: 'a given password' });
  const url = await third.started();
  await third.printed(/users already, so FIRST_USERNAME and FIRST_PASSWORD were ignored\.\n/);
  assert.doesNotMatch(third.output, /Log in as/);
  const later = await new Visitor(url).get('/', { cookie: visitor.cookieHeader() });
  assert.match(later.body, /Signed in as linodedemo/);
  assert.equal((await new Visitor(url).logIn('linodedemo', password)).status, 303);
  assert.equal((await new Visitor(url).logIn('admin', 'a given password')).status, 401);
  third.child.kill('SIGINT');
  assert.equal(await third.exitCode(), 0);
});

/** Posts two wrong passwords. Resolves with the promises of both answers as soon as one has arrived. */
async function twoLogInsInFlight(url: string): Promise<Promise<Answer>[]> {
  const visitor = new Visitor(url);
  await visitor.get('/login');
  const answers = ['first', 'second'].map((name) =>
    visitor.post('/login', { username: 'linodedemo', password: `the ${name} wrong password` }),
  );
  // When one is answered, the app has received the other too: each has a connection of its own.
  await Promise.race(answers);
  return answers;
}

test('serves metrics at METRICS_PORT, and answers the requests in flight before it stops', async () => {
  const app = run({
    ...(await newDatabase()),
    METRICS_PORT: '0',
    FIRST_PASSWORD: 'a given password',
  });
  const url = await app.started();
  assert.doesNotMatch(app.output, /password/);
  const metrics = /Metrics are at (\S+)\n/.exec(app.output)?.[1] ?? '';
  await (await fetch(`${url}/auth/verify`)).body?.cancel();
  const text = await (await fetch(metrics)).text();
  assert.match(text, /^key_checks_total\{outcome="missing"\} 1$/m);

  const answers = await twoLogInsInFlight(url);
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
  test(`${what} stops npm start, after the requests in flight are answered`, async () => {
    const npm = spawn('npm', ['start', '--silent'], {
      cwd: path.resolve(import.meta.dirname, '..'),
      env: {
        ...process.env,
        ...(await newDatabase()),
        PORT: '0',
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
    const url = /Linode Manager is at (\S+)/.exec(output)?.[1] ?? '';
    const answers = await twoLogInsInFlight(url);
    process.kill(receiver(npm), signal);
    for (const answer of answers) assert.equal((await answer).status, 401);
    // The app writes to the same pipe: when that is closed, the app itself has ended, not only npm.
    await once(npm, 'close');
    await assert.rejects(fetch(url));
  });
}

test('an invalid configuration ends the app with 1, and a list of all that is wrong', async () => {
  const app = run({
    DATA_DIR: path.join(folder, 'refused'),
    PORT: 'x',
    PUBLIC_URL: 'https://keys.example.com',
    FIRST_PASSWORD: 'short',
  });
  assert.equal(await app.exitCode(), 1);
  assert.match(app.output, /TRUST_PROXY[\s\S]*PORT[\s\S]*FIRST_PASSWORD/);
  assert.doesNotMatch(app.output, /\bat .+:\d+:\d+/);
});

test('a port that is taken ends the app with 1 and a sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const app = run({ ...(await newDatabase()), PORT: new URL(listeningAt(other)).port });
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
  test(`${what} ends the app with 1 and a sentence`, async () => {
    const app = run(env);
    assert.equal(await app.exitCode(), 1);
    assert.match(app.output, sentence);
    assert.doesNotMatch(app.output, /\bat .+:\d+:\d+/);
  });
}

test('a database that a later version has used ends the app with 1 and a sentence', async () => {
  const env = await newDatabase();
  const db = await openDatabase(loadDatabaseLocation(env));
  await sql`insert into kysely_migration values ('9999-later', now()::text)`.execute(db);
  await db.destroy();
  const app = run(env);
  assert.equal(await app.exitCode(), 1);
  assert.match(
    app.output,
    /^The database was brought up to date \(9999-later\) by a later version/,
  );
  assert.doesNotMatch(app.output, /\bat .+:\d+:\d+/);
});

test('several instances that start at once on an empty PostgreSQL create one first user', {
  skip: noPostgres,
}, async () => {
  const env = await newPostgres();
  const instances = [run(env), run(env), run(env)];
  const urls = await Promise.all(instances.map((instance) => instance.started()));
  const passwords = instances.flatMap((instance) => instance.password ?? []);
  assert.equal(passwords.length, 1);
  const others = instances.filter(({ output }) => /^Log in as linodedemo$/m.test(output));
  assert.equal(others.length, 2);

  // A session is valid on all instances.
  const visitor = new Visitor(urls[0] ?? '');
  await visitor.logIn('linodedemo', passwords[0]);
  for (const url of urls) {
    const answer = await new Visitor(url).get('/', { cookie: visitor.cookieHeader() });
    assert.match(answer.body, /Signed in as linodedemo/);
  }
  for (const { child } of instances) child.kill('SIGTERM');
  for (const instance of instances) assert.equal(await instance.exitCode(), 0);

  const db = await openDatabase({ url: env.DATABASE_URL });
  const digest = (await findUser(db, 'linodedemo'))?.passwordDigest ?? '';
  await db.destroy();
  assert.equal(bcrypt.getRounds(digest), 11);
});

test('starts on a database with two-factor secrets only with their key, and deletes at once what is due', {
  skip: noPostgres,
}, async () => {
  const env = await newPostgres();
  const db = await openDatabase({ url: env.DATABASE_URL });
  await addKey(db, await addUser(db, 'ada'));
  await sql`update api_keys set removed_at = now() - interval '91 days'`.execute(db);
  await newPhone(db, 'ada');

  const without = run(env);
  assert.equal(await without.exitCode(), 1);
  assert.match(without.output, /^ENCRYPTION_KEY is not set, but there are users with two-factor/);

  const withKey = run({ ...env, ENCRYPTION_KEY });
  await withKey.started();
  await until('the removed key is deleted', async () => {
    return (await db.selectFrom('api_keys').select('id').execute()).length === 0;
  });
  withKey.child.kill('SIGTERM');
  assert.equal(await withKey.exitCode(), 0);
  assert.doesNotMatch(withKey.output, /not swept/);
  await db.destroy();
});
