import assert from 'node:assert/strict';
import { test } from 'node:test';
import { program } from './program-name.ts';

const programs = [
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'Firefox on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari on iOS',
  ],
  ['curl/8.5.0', 'curl 8.5'],
  ['my-job/2 (nightly)', 'my-job 2'],
  ['Lynx/unknown', 'Lynx'],
  ['node', 'node'],
  ['', 'an unnamed program'],
  ['<script>alert(1)</script>', 'an unknown program'],
] as const;
for (const [userAgent, said] of programs) {
  test(`${userAgent.slice(0, 40)} is ${said}`, () => assert.equal(program(userAgent), said));
}
