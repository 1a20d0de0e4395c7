import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventKinds } from '../../db/event-kinds.ts';
import { describe, nameKind } from './event-words.ts';

test('an event is described with its details', () => {
  const details = { prefix: 'lmk0123456789abc', count: 3 };
  assert.equal(describe({ kind: 'key made', details }), 'Created key lmk0123456789abc…');
  assert.equal(describe({ kind: 'rate limited', details }), 'Rate limited (3 refused)');
});

test('the event of a key that was removed as leaked says so', () => {
  const details = { prefix: 'lmk0123456789abc', leaked: true };
  const what = describe({ kind: 'key removed', details });
  assert.equal(what, 'Removed key lmk0123456789abc… as leaked');
});

test('a row of several events says how many they are', () => {
  const run = { kind: 'failed log in', details: {} };
  assert.equal(describe({ ...run, count: 12 }), 'Failed login, 12 times');
  assert.equal(describe({ ...run, count: 1 }), 'Failed login');
});

test('a kind that only a later version knows keeps its stored name', () => {
  assert.equal(describe({ kind: 'key polished', details: {} }), 'key polished');
  assert.equal(nameKind('key polished'), 'key polished');
});

test('each kind has a name of its own, without details', () => {
  const names = Object.keys(eventKinds).map(nameKind);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.doesNotMatch(name, /[{}()…]/);
  assert.equal(nameKind('key made'), 'Created key');
  assert.equal(nameKind('rate limited'), 'Rate limited');
});
