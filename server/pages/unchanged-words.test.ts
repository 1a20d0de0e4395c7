import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionRefusals } from '../../db/api-keys/transitions.ts';
import {
  describeNothingDone,
  describeUnchanged,
  isUnchanged,
  type Unchanged,
} from './unchanged-words.ts';

const counted: [Unchanged, string][] = [
  [{}, ''],
  [{ expired: 1 }, '1 has expired.'],
  [{ expired: 2, 'removed before': 1 }, '2 have expired, 1 was already removed.'],
  [{ 'paused before': 3, expired: 0 }, '3 were already paused.'],
];
for (const [unchanged, expected] of counted) {
  test(`beside other keys: ${expected}`, () => {
    assert.equal(describeUnchanged(unchanged), expected);
  });
}

test('of one key to which nothing was done, the reason is the sentence of the transitions', () => {
  for (const [why, { text }] of Object.entries(actionRefusals)) {
    assert.ok(isUnchanged(why));
    assert.equal(describeNothingDone({ [why]: 1 }), text);
  }
});

test('of several keys, the sentence says how many there are for each reason', () => {
  assert.equal(describeNothingDone({ 'not paused': 2 }), 'Nothing was done: 2 were not paused.');
  const two = describeNothingDone({ expired: 1, leaked: 1 });
  assert.equal(two, 'Nothing was done: 1 has expired, 1 may have leaked.');
});
