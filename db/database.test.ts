import assert from 'node:assert/strict';
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
