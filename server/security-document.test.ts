// What SECURITY.md and docs/decisions say about limits is what the code does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ACCOUNT, CODES, KNOWN_ADDRESS, LEAK_REPORTS, NETWORKS } from './auth/rate-limit.ts';

const read = (file: string) => readFileSync(path.resolve(import.meta.dirname, '..', file), 'utf8');
const security = read('SECURITY.md');

/** The cells of the tables in a text, without their heads. */
function rows(markdown: string): string[][] {
  return markdown
    .replaceAll(/^\|.*\|\n\|[-|]+\|\n/gm, '')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '));
}

function section(title: string): string {
  return security.split(/^#+ /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
}

/** The value of a number constant in a file. */
function constantOf(name: string, file: string): number {
  const declared = new RegExp(`^(?:export )?const ${name} = ([\\d_]+);`, 'm').exec(read(file))?.[1];
  assert.ok(declared, `${file} has no number ${name}`);
  return Number(declared.replaceAll('_', ''));
}

test('the limits in SECURITY.md are those of the code', () => {
  const limits = rows(section('Limits'));
  assert.ok(limits.length > 20, `${limits.length} limits`);
  for (const [limit, value = '', constant = ''] of limits) {
    const [, name = '', file = ''] = /^`(\w+)` in `([^`]+)`$/.exec(constant) ?? [];
    const number = Number(/^[\d,]+/.exec(value)?.[0].replaceAll(',', ''));
    assert.equal(number, constantOf(name, file), `${limit}: ${constant}`);
  }
});

test('the times in SECURITY.md that data is kept are those of the code', () => {
  const kept = section('Data, and for how long');
  const times = [...kept.matchAll(/(\d+) days[^|(]*\(`(\w+)` in `([^`]+)`\)/g)];
  assert.equal(times.length, 5);
  for (const [, days, name = '', file = ''] of times) {
    assert.equal(Number(days), constantOf(name, file), name);
  }
});

test('the rate limit is the one of docs/decisions/rate-limit.md', () => {
  const documented = rows(read('docs/decisions/rate-limit.md')).map(([, free, longest = '']) => {
    const [number, unit] = longest.split(' ');
    return {
      freeAttempts: Number(free),
      maxSeconds: Number(number) * (unit === 'minutes' ? 60 : 1),
    };
  });
  const policies = [ACCOUNT, KNOWN_ADDRESS, ACCOUNT, ...NETWORKS, CODES, ...LEAK_REPORTS];
  assert.deepEqual(documented, policies);
});
