import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseProblem } from './errors.ts';

test('a host name none of whose addresses answers is reported by its code', () => {
  const error = Object.assign(new AggregateError([new Error('one'), new Error('another')]), {
    code: 'ECONNREFUSED',
  });
  assert.equal(error.message, '');
  assert.equal(
    databaseProblem(error),
    'The database of DATABASE_URL does not answer (ECONNREFUSED).',
  );
});

test('an error in the program is not reported as a database problem', () => {
  assert.equal(databaseProblem(new TypeError('x is undefined')), undefined);
});
