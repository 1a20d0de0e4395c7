import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openDatabase } from './database.ts';
import { databaseProblem } from './errors.ts';
import {
  createRoleWithoutSchema,
  createTestDatabase,
  dropTestDatabase,
  noPostgres,
} from './testing/databases.ts';

test('a role that may not create tables is reported with the privilege that it lacks', {
  skip: noPostgres,
}, async (t) => {
  const database = await createTestDatabase();
  t.after(() => dropTestDatabase(database));
  const url = await createRoleWithoutSchema(database);
  await assert.rejects(openDatabase({ url }), (error) => {
    const problem = databaseProblem(error) ?? '';
    assert.match(problem, /lacks a privilege \(permission denied for schema public\)/);
    assert.match(problem, /GRANT ALL ON SCHEMA public TO/);
    return true;
  });
});

test('a server that accepts the connection and says nothing is reported', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'database-'));
  const server = createServer((socket) => t.after(() => socket.destroy()));
  server.listen(path.join(folder, '.s.PGSQL.5432'));
  await once(server, 'listening');
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  await assert.rejects(openDatabase({ url: `postgres://keys@/keys?host=${folder}` }), (error) =>
    /^The database of DATABASE_URL does not answer \(/.test(databaseProblem(error) ?? ''),
  );
});
