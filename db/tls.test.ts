import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from './database.ts';
import { databaseProblem } from './errors.ts';
import { Network } from './testing/network.ts';
import { type Cluster, findPrograms, startCluster } from './testing/postgres.ts';

const missing = [
  ...(findPrograms() ? [] : ['PostgreSQL']),
  ...(spawnSync('openssl', ['version']).status === 0 ? [] : ['openssl']),
];
const skip = missing.length > 0 && `not installed: ${missing.join(', ')}`;

describe('TLS to PostgreSQL', { skip }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tls-'));
  const ca = path.join(folder, 'ca.crt');
  let cluster: Cluster;
  let port: string;
  before(async () => {
    port = await freePort();
    createCertificate(folder, 'ca', ['-subj', '/CN=private CA']);
    const started = await startCluster((data) => {
      createCertificate(data, 'server', [
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
        ...['-addext', 'basicConstraints=critical,CA:FALSE'],
        ...['-CA', ca, '-CAkey', path.join(folder, 'ca.key')],
      ]);
      return {
        listen_addresses: 'localhost',
        port,
        ssl: 'on',
        ssl_cert_file: path.join(data, 'server.crt'),
        ssl_key_file: path.join(data, 'server.key'),
      };
    });
    assert.ok(started);
    cluster = started;
  });
  after(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });

  const urlOf = (host: string, query: string) =>
    `postgres://postgres@${host}:${port}/postgres?${query}`;

  test('verify-full with the private CA connects, encrypted', async () => {
    const url = urlOf('localhost', `sslmode=verify-full&sslrootcert=${ca}`);
    const db = await openDatabase({ url });
    const { rows } = await sql<{ ssl: boolean }>`
      select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db);
    await db.destroy();
    assert.deepEqual(rows, [{ ssl: true }]);
  });

  const untrusted: [string, () => string][] = [
    ['verify-full without the private CA', () => urlOf('localhost', 'sslmode=verify-full')],
    ['require without the private CA', () => urlOf('localhost', 'sslmode=require')],
    [
      'verify-full with another name than that of the certificate',
      () => urlOf('127.0.0.1', `sslmode=verify-full&sslrootcert=${ca}`),
    ],
  ];
  for (const [what, url] of untrusted) {
    test(`${what} is refused, and says what to add`, async () => {
      await assert.rejects(openDatabase({ url: url() }), (error) => {
        const problem = databaseProblem(error) ?? '';
        assert.match(
          problem,
          /^The TLS connection to the database of DATABASE_URL failed \(.+\)\./,
        );
        assert.match(problem, /sslmode=verify-full&sslrootcert=FILE/);
        return true;
      });
    });
  }

  test('a server without TLS is refused where sslmode asks for it', async (t) => {
    // PostgreSQL has no TLS on its socket.
    const network = new Network({
      path: path.join(path.dirname(cluster.socket), `.s.PGSQL.${port}`),
    });
    t.after(() => network.close());
    const url = `postgres://postgres@localhost:${await network.open()}/postgres?sslmode=verify-full`;
    await assert.rejects(openDatabase({ url }), (error) =>
      /does not offer TLS/.test(databaseProblem(error) ?? ''),
    );
  });
});

/** Writes NAME.crt and NAME.key to a folder; self-signed, unless the options name a CA. */
function createCertificate(folder: string, name: string, options: string[]): void {
  const { status, stderr } = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
      ...['-keyout', `${name}.key`, '-out', `${name}.crt`, ...options],
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return String(address.port);
}
