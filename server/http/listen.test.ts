import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenProblem } from './listen.ts';

test('a port that only root may open is explained', () => {
  const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
  assert.equal(
    listenProblem(error, 'Port 80 on 127.0.0.1'),
    "Port 80 on 127.0.0.1 can't be opened by this user (EACCES). Set PORT (or METRICS_PORT, if it " +
      'is that) to 1024 or above, with a proxy in front of it.',
  );
});
