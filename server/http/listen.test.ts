import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { OperatorError } from '../../db/errors.ts';
import { listen, listenProblem } from './listen.ts';

for (const [what, host] of [
  ['an address that is not one of this machine', '192.0.2.1'],
  ['a host name that is unknown', 'unknown.invalid'],
] as const) {
  test(`${what} is explained to the operator`, async () => {
    await assert.rejects(listen(createServer(), 0, host), (error) => {
      assert.ok(error instanceof OperatorError);
      assert.match(error.message, /^HOST is not an address of this machine/);
      return true;
    });
  });
}

test('a port that only root may open is explained to the operator', () => {
  const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
  assert.equal(
    listenProblem(error, 'Port 80 on 127.0.0.1'),
    "Port 80 on 127.0.0.1 can't be opened by this user (EACCES). Set PORT (or METRICS_PORT, if this " +
      'is the metrics port) to 1024 or above, with a proxy in front of it.',
  );
});
