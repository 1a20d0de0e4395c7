import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionProblem } from './database.ts';

test('a name with several addresses, none of which answers, is told by its code', () => {
  const error = Object.assign(new AggregateError([new Error('one'), new Error('another')]), {
    code: 'ECONNREFUSED',
  });
  assert.equal(error.message, '');
  assert.equal(
    connectionProblem(error),
    'The database of DATABASE_URL does not answer (ECONNREFUSED).',
  );
});

test('a fault of our own is no problem of the connection', () => {
  assert.equal(connectionProblem(new TypeError('x is undefined')), undefined);
});
