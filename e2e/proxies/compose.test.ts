// The parts of docker-compose.yml that can be tested without a container engine.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../db/database.ts';
import { findPrograms, startCluster } from '../../db/testing/postgres.ts';
import { findProgram } from '../../server/testing/processes.ts';
import { addUser } from '../../server/testing/users.ts';
import { DOCS } from './proxies.ts';

describe('the secrets', () => {
  function makeSecrets(folder: string): void {
    execFileSync('sh', [path.join(DOCS, 'compose/secrets.sh'), folder]);
  }

  function newFolder(t: TestContext): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'secrets-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const name of ['kept', 'postgres', 'role', 'app']) mkdirSync(path.join(folder, name));
    return folder;
  }

  /** All files in the folders, with their contents. */
  function secretsIn(folder: string): Record<string, Record<string, string>> {
    const contents = (name: string) =>
      readdirSync(path.join(folder, name)).map((file) => [
        file,
        readFileSync(path.join(folder, name, file), 'utf8'),
      ]);
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, Object.fromEntries(contents(name))]),
    );
  }

  test('each service has only its own secrets, and a second run keeps them', (t) => {
    const folder = newFolder(t);
    makeSecrets(folder);
    const first = secretsIn(folder);
    const kept = first.kept ?? {};
    const superuser = kept['postgres-password'];
    const own = kept['app-password'];
    for (const secret of Object.values(kept)) assert.match(secret, /^[0-9a-f]{64}$/);
    assert.equal(new Set(Object.values(kept)).size, 4);
    assert.deepEqual(first.postgres, { password: superuser });
    assert.deepEqual(first.role, { 'postgres-password': superuser, 'app-password': own });
    assert.deepEqual(first.app, {
      'database-url': `postgres://app:${own}@postgres:5432/keys`,
      'session-secret': kept['session-secret'],
      'encryption-key': kept['encryption-key'],
    });
    makeSecrets(folder);
    assert.deepEqual(secretsIn(folder), first);
  });

  test('secrets of the previous version are kept, and a partly written one is created again', (t) => {
    const folder = newFolder(t);
    const before = { 'postgres-password': 'a', 'session-secret': 'b', 'database-url': 'c' };
    for (const [name, secret] of Object.entries(before)) {
      writeFileSync(path.join(folder, 'kept', name), secret, { mode: 0o444 });
    }
    writeFileSync(path.join(folder, 'kept/app-password.new'), 'half', { mode: 0o444 });
    makeSecrets(folder);
    const { kept = {}, postgres, app } = secretsIn(folder);
    assert.deepEqual({ ...kept, ...before }, kept);
    assert.match(kept['app-password'] ?? '', /^[0-9a-f]{64}$/);
    assert.equal(postgres?.password, 'a');
    assert.equal(app?.['session-secret'], 'b');
    assert.match(app?.['encryption-key'] ?? '', /^[0-9a-f]{64}$/);
  });
});

const noServer = findPrograms() === undefined && 'there are no programs of PostgreSQL';

describe('the role of the app', { skip: noServer }, () => {
  for (const [installation, isNew] of [
    ['a new installation', true],
    ['one in which the app was the superuser', false],
  ] as const) {
    test(`in ${installation} it owns its database and its tables, and has no other privilege`, async (t) => {
      const cluster = await startCluster();
      assert.ok(cluster);
      t.after(() => cluster.stop());
      const superuser = await open(t, cluster.url);
      await sql`create database keys`.execute(superuser);
      const { searchParams } = new URL(cluster.url);
      const urlFor = (user: string) => `postgres://${user}@localhost/keys?${searchParams}`;
      if (!isNew) await addUser(await open(t, urlFor('postgres')), 'ada');

      for (const password of ['the first one', "another's"])
        makeRole(t, urlFor('postgres'), password);
      const db = await open(t, urlFor('app'));
      await addUser(db, 'grace');
      const users = await db.selectFrom('users').select('username').orderBy('id').execute();
      assert.deepEqual(
        users.map(({ username }) => username),
        isNew ? ['grace'] : ['ada', 'grace'],
      );

      const role = await sql`select rolsuper, rolcreatedb, rolcreaterole, rolreplication,
        rolbypassrls, rolcanlogin from pg_roles where rolname = 'app'`.execute(db);
      assert.deepEqual(role.rows, [
        {
          ...{ rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolreplication: false },
          ...{ rolbypassrls: false, rolcanlogin: true },
        },
      ]);
      const owners = await sql`select distinct relowner::regrole::text as owner from pg_class
        where relnamespace = 'public'::regnamespace`.execute(db);
      assert.deepEqual(owners.rows, [{ owner: 'app' }]);
      // As a later version's migration does.
      await sql`alter table users add column later text`.execute(db);
      await assert.rejects(sql`select rolpassword from pg_authid`.execute(db), /permission denied/);
    });
  }

  /** Opening the database migrates the schema. */
  async function open(t: TestContext, url: string): Promise<Database> {
    const db = await openDatabase({ url });
    t.after(() => db.destroy());
    return db;
  }

  function makeRole(t: TestContext, url: string, password: string): void {
    const folder = mkdtempSync(path.join(tmpdir(), 'role-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, 'app-password'), password);
    execFileSync('psql', ['--no-psqlrc', '--quiet', `--file=${DOCS}/compose/role.sql`, url], {
      cwd: folder,
      env: { PATH: `${process.env.PATH}:${findPrograms()}` },
    });
  }
});

const noCompose =
  findProgram('docker-compose') === undefined && 'there is no docker-compose: install it';

describe('docker-compose.yml', { skip: noCompose }, () => {
  const services = readServices();

  test('no service can write, gain a privilege or use up the memory', () => {
    assert.ok(services.size >= 7, [...services.keys()].join());
    for (const [name, lines] of services) {
      assert.match(lines, /^ {4}read_only: true$/m, name);
      assert.match(lines, /^ {4}cap_drop:\n {4}- ALL$/m, name);
      assert.match(lines, /^ {4}security_opt:\n {4}- no-new-privileges:true$/m, name);
      assert.match(lines, /^ {4}mem_limit: \d+m$/m, name);
    }
  });

  test('each volume with secrets has one reader', () => {
    const mounts = (name: string) => [
      ...(services.get(name) ?? '').matchAll(/^ {4}- (secrets[\w-]*):\S+:(\w+)$/gm),
    ];
    const readers = [...services.keys()].filter((name) => name !== 'secrets');
    const found = readers.flatMap((name) =>
      mounts(name).map(([, volume, mode]) => `${name} ${volume} ${mode}`),
    );
    assert.deepEqual(found.sort(), [
      'app secrets-app ro',
      'postgres secrets-postgres ro',
      'role secrets-role ro',
    ]);
  });

  test('the app trusts the IP addresses of the two proxies, and no others', () => {
    const trusted = /^ {6}TRUST_PROXY: (.*)$/m.exec(services.get('app') ?? '')?.[1]?.split(',');
    const addresses = ['proxy', 'gateway'].map(
      (name) => /^ {8}ipv4_address: (.*)$/m.exec(services.get(name) ?? '')?.[1],
    );
    assert.deepEqual(trusted, addresses);
  });
});

/** The resolved configuration of each service, as YAML. */
function readServices(): Map<string, string> {
  if (noCompose) return new Map();
  const program = findProgram('docker-compose') ?? '';
  const text = execFileSync(program, ['--profile', 'gateway', 'config'], {
    cwd: path.dirname(DOCS),
    encoding: 'utf8',
  });
  const [, services = ''] = /^services:\n((?: .*\n)*)/m.exec(text) ?? [];
  return new Map(
    services
      .split(/^ {2}(?=\S)/m)
      .filter(Boolean)
      .map((lines) => [lines.slice(0, lines.indexOf(':')), lines]),
  );
}
