import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Meanwhile, meanwhileKinds } from '../../db/meanwhile.ts';
import { describeMeanwhile } from './meanwhile-words.ts';

const event: Meanwhile = {
  kind: 'key made',
  count: 1,
  isAtLeast: false,
  newestId: 1,
  at: new Date(0),
  ip: null,
};

test('a sentence says what happened, and how often', () => {
  assert.equal(describeMeanwhile(event), '1 key was created');
  assert.equal(describeMeanwhile({ ...event, count: 3 }), '3 keys were created');
  const changed = { ...event, kind: 'password changed' } as const;
  assert.equal(describeMeanwhile(changed), 'Your password was changed');
  assert.equal(describeMeanwhile({ ...changed, count: 2 }), 'Your password was changed 2 times');
  const failed = { ...event, kind: 'failed log in', count: 100, isAtLeast: true } as const;
  assert.equal(describeMeanwhile(failed), 'There were 100 failed logins or more');
});

test('each kind has a sentence of its own', () => {
  const sentences = meanwhileKinds.map((kind) => describeMeanwhile({ ...event, kind }));
  assert.equal(new Set(sentences).size, meanwhileKinds.length);
});
