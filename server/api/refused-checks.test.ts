import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSecret } from '../api-keys/secret.ts';
import { createLogger } from '../http/logger.ts';
import { memoryLog } from '../testing/memory-log.ts';
import { LOGGED_A_MINUTE, refusedChecksLog } from './refused-checks.ts';

const client = () => ({ ip: '203.0.113.7', userAgent: 'test' });

test('refused checks are logged at a bounded rate, and the log says how many are missing', () => {
  const { stream, lines } = memoryLog();
  let now = 90_000;
  const logRefused = refusedChecksLog(createLogger(stream), () => now);
  const refuse = () =>
    logRefused({ status: 401, outcome: 'unknown', presented: new Set(), client });

  for (let count = 0; count < LOGGED_A_MINUTE + 7; count++) refuse();
  assert.equal(lines.length, LOGGED_A_MINUTE);
  now += 60_000;
  refuse();
  refuse();
  assert.equal(lines.length, LOGGED_A_MINUTE + 2);
  assert.match(lines.at(-2) ?? '', /"notLogged":7[,}]/);
  assert.doesNotMatch(lines.at(-1) ?? '', /notLogged/);
});

test('only the prefix of a well-formed key is logged, and nothing else that was presented', () => {
  const { stream, lines } = memoryLog();
  const key = makeSecret();
  refusedChecksLog(createLogger(stream))({
    status: 401,
    outcome: 'ambiguous',
    presented: new Set([key, 'a password', key.replace(/.$/, '-')]),
    client,
  });
  const { keys, ip }: Record<string, unknown> = JSON.parse(lines[0] ?? '');
  assert.deepEqual(keys, [key.slice(0, 16)]);
  assert.equal(ip, '203.0.113.7');
  assert.ok(!lines[0]?.includes('a password'));
  assert.ok(!lines[0]?.includes(key.slice(0, 17)));
});
