import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseProblem } from './errors.ts';

test('a host name of which no address answers is reported by its code', () => {
  const error = Object.assign(new AggregateError([new Error('one'), new Error('another')]), {
    code: 'ECONNREFUSED',
  });
  assert.equal(error.message, '');
  assert.equal(
    databaseProblem(error),
    'The database of DATABASE_URL does not answer (ECONNREFUSED).',
  );
});

test('an error in the program is no problem of the database', () => {
  assert.equal(databaseProblem(new TypeError('x is undefined')), undefined);
});
