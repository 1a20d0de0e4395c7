import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transitions } from '../../db/api-keys/transitions.ts';
import { describeLife } from './life-words.ts';

test('every action has a row, which says when it is possible and why it is not', () => {
  const rows = describeLife();
  assert.equal(rows.length, Object.keys(transitions).length);
  assert.deepEqual(
    rows.find(({ action }) => action === 'Undo a removal'),
    {
      action: 'Undo a removal',
      possible: ['removed less than 60 minutes ago'],
      otherwise: [
        'The key was not removed.',
        'A removal can be undone only for 60 minutes.',
        'The key may have leaked, so its removal cannot be undone.',
      ],
    },
  );
  assert.deepEqual(rows[0], {
    action: 'Edit',
    possible: ['active', 'paused'],
    otherwise: ['The key has expired.', 'The key was removed.'],
  });
});
