import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { FolderUnusable } from '../../db/data-folder.ts';
import { ConfigError, loadConfig, loadEncryptionKeys } from './config.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'config-'));
after(() => rmSync(folder, { recursive: true }));
const DATA_DIR = path.join(folder, 'data');
const SECRET = 's'.repeat(32);
const DATABASE_URL = 'postgres://somebody@localhost/keys';

test('every setting has a default', () => {
  const config = loadConfig({ DATA_DIR });
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 3000);
  assert.equal(config.metricsPort, undefined);
  assert.deepEqual(config.database, { folder: DATA_DIR });
  assert.equal(config.trustProxy, false);
  assert.equal(config.eventRetentionDays, 365);
  assert.equal(config.secure, false);
  assert.deepEqual(config.firstUser, {
    username: 'linodedemo',
    password: undefined,
    settings: [],
  });
});

const kept = [
  ['session secret', 'session-secret', () => loadConfig({ DATA_DIR }).sessionSecrets],
  ['encryption key', 'encryption-key', () => loadConfig({ DATA_DIR }).encryptionKeys],
] as const;
for (const [what, file, load] of kept) {
  test(`the ${what} of the embedded database is created once, and only its owner can read it`, () => {
    const [secret = ''] = load();
    assert.ok(secret.length >= 32);
    assert.deepEqual(load(), [secret]);
    assert.equal(statSync(path.join(DATA_DIR, file)).mode & 0o777, 0o600);
  });

  test(`the ${what} is created again where a crash cut it short`, () => {
    writeFileSync(path.join(DATA_DIR, file), '');
    assert.ok((load()[0] ?? '').length >= 32);
  });
}

test('PostgreSQL needs no encryption key, and none is created for it', () => {
  const config = loadConfig({ DATABASE_URL, SESSION_SECRET: SECRET });
  assert.deepEqual(config.encryptionKeys, []);
});

test('two-factor authentication can be required, on PostgreSQL only with an encryption key', () => {
  const postgres = { DATABASE_URL, SESSION_SECRET: SECRET, REQUIRE_TWO_FACTOR: 'true' };
  assert.equal(loadConfig({ ...postgres, ENCRYPTION_KEY: SECRET }).requireTwoFactor, true);
  assert.equal(loadConfig({ DATA_DIR, REQUIRE_TWO_FACTOR: 'true' }).requireTwoFactor, true);
  for (const value of ['false', '', undefined]) {
    const env = { DATA_DIR, ...(value !== undefined && { REQUIRE_TWO_FACTOR: value }) };
    assert.equal(loadConfig(env).requireTwoFactor, false);
  }
  assert.throws(() => loadConfig(postgres), {
    constructor: ConfigError,
    message: /- REQUIRE_TWO_FACTOR needs ENCRYPTION_KEY: without it, no user could set up/,
  });
});

test('a command has the same encryption keys as the app', () => {
  assert.deepEqual(loadEncryptionKeys({ DATA_DIR }), loadConfig({ DATA_DIR }).encryptionKeys);
  assert.deepEqual(loadEncryptionKeys({ DATABASE_URL }), []);
  const keys = { ENCRYPTION_KEY: `${SECRET},${'t'.repeat(32)}` };
  assert.deepEqual(loadEncryptionKeys({ DATABASE_URL, ...keys }), [SECRET, 't'.repeat(32)]);
  assert.throws(() => loadEncryptionKeys({ ENCRYPTION_KEY: 'short' }), ConfigError);
});

test('a data folder in which the session secret cannot be kept is refused, and the file is named', () => {
  const unusable = path.join(folder, 'unusable');
  // A folder, not a file of another user: tests that run as root could write to that file.
  mkdirSync(path.join(unusable, 'session-secret.new'), { recursive: true });
  assert.throws(() => loadConfig({ DATA_DIR: unusable }), {
    constructor: FolderUnusable,
    message: /^The folder \S+ can't be used \(EISDIR: session-secret\.new\)\. Set DATA_DIR/,
  });
});

test('with 0 days, events are never deleted', () => {
  const { eventRetentionDays } = loadConfig({ DATA_DIR, EVENT_RETENTION_DAYS: '0' });
  assert.equal(eventRetentionDays, 0);
});

test('several session secrets are kept in their order', () => {
  const other = 't'.repeat(32);
  const { sessionSecrets } = loadConfig({ DATABASE_URL, SESSION_SECRET: `${SECRET}, ${other}` });
  assert.deepEqual(sessionSecrets, [SECRET, other]);
});

test('an empty name of the first user counts as not set', () => {
  assert.equal(loadConfig({ DATA_DIR, FIRST_USERNAME: '' }).firstUser.username, 'linodedemo');
});

test('a secret can come from a file', () => {
  const file = path.join(folder, 'secret');
  writeFileSync(file, `${SECRET}\n`);
  const { sessionSecrets } = loadConfig({ DATABASE_URL, SESSION_SECRET_FILE: file });
  assert.deepEqual(sessionSecrets, [SECRET]);
});

test('a public https URL makes cookies secure', () => {
  const config = loadConfig({
    DATA_DIR,
    PUBLIC_URL: 'https://keys.example.com/',
    TRUST_PROXY: '1',
  });
  assert.equal(config.publicUrl, 'https://keys.example.com');
  assert.equal(config.secure, true);
});

const urls = [
  'postgres://user:password@/keys?host=/run/postgresql',
  'postgresql:///keys?host=/run/postgresql',
  'postgres://user:password@db1:5432,db2:5433/keys?target_session_attrs=read-write',
  'postgres://user@/keys?host=db1,db2&port=5432,5433',
  'postgres://user@%2Frun%2Fpostgresql/keys',
  'postgres://user:p%40ss@[::1]:5433/keys?sslmode=verify-full',
];
for (const url of urls) {
  test(`DATABASE_URL ${url} is accepted, as by psql`, () => {
    const { database } = loadConfig({ DATABASE_URL: url, SESSION_SECRET: SECRET });
    assert.deepEqual(database, { url });
  });
}

test('DATABASE_POOLER says that DATABASE_URL leads to a pooler', () => {
  const env = { DATABASE_URL, SESSION_SECRET: SECRET, DATABASE_POOLER: 'transaction' };
  assert.deepEqual(loadConfig(env).database, { url: DATABASE_URL, pooler: 'transaction' });
});

test('CHECKS_DATABASE_URL names a standby, and CHECKS_FALLBACK what may replace it', () => {
  const env = { DATABASE_URL, SESSION_SECRET: SECRET, CHECKS_DATABASE_URL: DATABASE_URL };
  assert.equal(loadConfig({ DATABASE_URL, SESSION_SECRET: SECRET }).standby, undefined);
  assert.deepEqual(loadConfig(env).standby, { url: DATABASE_URL, otherwise: 'nothing' });
  const withFallback = loadConfig({ ...env, CHECKS_FALLBACK: 'primary' });
  assert.deepEqual(withFallback.standby, { url: DATABASE_URL, otherwise: 'primary' });
});

const proxies = [
  ['2', 2],
  ['0', false],
  ['10.0.0.1, 2001:db8::/32', ['10.0.0.1', '2001:db8::/32']],
  ['loopback', ['loopback']],
] as const;
for (const [value, meaning] of proxies) {
  test(`TRUST_PROXY ${value} is understood`, () => {
    assert.deepEqual(loadConfig({ DATA_DIR, TRUST_PROXY: value }).trustProxy, meaning);
  });
}

const wrong: [string, Record<string, string>, RegExp][] = [
  ['a port that is not a number', { PORT: '80a' }, /PORT/],
  ['a port in hexadecimal', { PORT: '0x1010' }, /PORT/],
  ['a port out of range', { PORT: '65536' }, /PORT/],
  ['a metrics port that is not a number', { METRICS_PORT: 'yes' }, /METRICS_PORT is "yes"/],
  ['a number of days with a unit', { EVENT_RETENTION_DAYS: '1y' }, /EVENT_RETENTION_DAYS is "1y"/],
  [
    'a requirement that is neither true nor false',
    { REQUIRE_TWO_FACTOR: 'yes' },
    /must be true or false/,
  ],
  ['too many days', { EVENT_RETENTION_DAYS: '36501' }, /from 0 to 36500/],
  [
    'one port for the app and the metrics',
    { METRICS_PORT: '3000' },
    /METRICS_PORT must not be the same/,
  ],
  [
    'a database of another kind',
    { DATABASE_URL: 'mysql://x/y', SESSION_SECRET: SECRET },
    /DATABASE_URL/,
  ],
  ['a database URL without slashes', { DATABASE_URL: 'postgres:keys' }, /DATABASE_URL must begin/],
  [
    'a port of the database that is out of range',
    { DATABASE_URL: 'postgres://localhost:65536/keys' },
    /DATABASE_URL must begin/,
  ],
  [
    'a missing certificate of the database',
    { DATABASE_URL: `${DATABASE_URL}?sslmode=verify-full&sslrootcert=/nowhere/ca.crt` },
    /DATABASE_URL names a file that can't be read \(ENOENT.*\/nowhere\/ca\.crt/,
  ],
  [
    'a pooler of another mode',
    { DATABASE_URL, SESSION_SECRET: SECRET, DATABASE_POOLER: 'session' },
    /DATABASE_POOLER is "session"/,
  ],
  ['a pooler without a database', { DATABASE_POOLER: 'transaction' }, /DATABASE_POOLER .* not set/],
  [
    'a standby without a primary',
    { CHECKS_DATABASE_URL: DATABASE_URL },
    /CHECKS_DATABASE_URL .* DATABASE_URL, which is not set/,
  ],
  [
    'several standbys',
    { CHECKS_DATABASE_URL: 'postgres://a,b/keys' },
    /CHECKS_DATABASE_URL names several servers/,
  ],
  ['a standby of another kind', { CHECKS_DATABASE_URL: 'mysql://x' }, /CHECKS_DATABASE_URL must/],
  ['a fallback without a standby', { CHECKS_FALLBACK: 'primary' }, /CHECKS_FALLBACK needs/],
  [
    'a fallback to anything else',
    { CHECKS_DATABASE_URL: DATABASE_URL, CHECKS_FALLBACK: 'standby' },
    /CHECKS_FALLBACK is "standby"/,
  ],
  ['a database without a secret', { DATABASE_URL }, /SESSION_SECRET is required/],
  ['a short secret', { SESSION_SECRET: `${SECRET},short` }, /SESSION_SECRET: .*32 characters/],
  [
    'a short encryption key',
    { ENCRYPTION_KEY: `${SECRET},short` },
    /ENCRYPTION_KEY: .*32 characters/,
  ],
  ['a secret file that is not there', { SESSION_SECRET_FILE: '/nowhere' }, /SESSION_SECRET_FILE/],
  ['an empty file', { DATABASE_URL_FILE: '/dev/null' }, /DATABASE_URL_FILE names .* is empty/],
  ['a secret given twice', { SESSION_SECRET: SECRET, SESSION_SECRET_FILE: 'x' }, /both set/],
  [
    'a public URL with a path',
    { PUBLIC_URL: 'https://x.example/keys', TRUST_PROXY: '1' },
    /PUBLIC_URL/,
  ],
  ['https without a proxy', { PUBLIC_URL: 'https://x.example' }, /TRUST_PROXY/],
  ['a proxy that is not an address', { TRUST_PROXY: 'my-proxy' }, /TRUST_PROXY/],
  ['a first user name with capitals', { FIRST_USERNAME: 'Bob' }, /FIRST_USERNAME/],
  ['a first password of 7 characters', { FIRST_PASSWORD: '1234567' }, /Use at least 8 characters/],
  [
    'a first password that is the user name twice',
    { FIRST_PASSWORD: 'linodedemo'.repeat(2) },
    /user name/,
  ],
  [
    'a first password that is the configured user name',
    { FIRST_USERNAME: 'ada.lovelace', FIRST_PASSWORD: 'ada.lovelace' },
    /FIRST_PASSWORD: This is the user name/,
  ],
  ['a first password of 73 bytes', { FIRST_PASSWORD: 'é'.repeat(37) }, /72 bytes/],
];
for (const [what, env, sentence] of wrong) {
  test(`${what} is refused`, () => {
    assert.throws(() => loadConfig({ DATA_DIR, ...env }), sentence);
  });
}

test('all problems are reported at once', () => {
  const env = { PORT: 'x', PUBLIC_URL: 'https://x.example', FIRST_PASSWORD: 'short', DATABASE_URL };
  assert.throws(
    () => loadConfig(env),
    (error) => error instanceof ConfigError && error.problems.length === 4,
  );
});

test('README.md has a row for every setting', () => {
  const readme = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const source = readFileSync(path.resolve(import.meta.dirname, 'config.ts'), 'utf8');
  const settings = new Set(
    [...source.matchAll(/env\.([A-Z_]+)|(?:read\(|\(env, )'([A-Z_]+)'/g)].map(
      ([, direct, read]) => direct ?? read,
    ),
  );
  assert.ok(settings.size >= 10, [...settings].join());
  for (const setting of settings) assert.match(readme, new RegExp(`^\\| \`${setting}\``, 'm'));
});
