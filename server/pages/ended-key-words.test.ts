import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndedKey } from '../../db/api-keys/ended.ts';
import { describeEnd, describeLateUse } from './ended-key-words.ts';

const removed: EndedKey = {
  id: 1,
  label: '',
  prefix: 'lmk0000000000000',
  endedAt: new Date('2014-02-13T07:42:00Z'),
  removed: true,
  removedVia: 'Linode Manager',
  removedIp: null,
  leaked: false,
  undoableUntil: null,
  lateUsedAt: null,
  lateUsedIp: null,
  lateUsedAgent: null,
  lateUseCount: 0,
  stillTried: false,
  readAt: new Date('2014-02-16T08:00:00Z'),
};
const tried: EndedKey = {
  ...removed,
  lateUsedAt: new Date('2014-02-16T07:56:00Z'),
  lateUsedIp: '10.0.0.12',
  lateUsedAgent: 'curl/8.5.0',
  lateUseCount: 212,
  stillTried: true,
};

const ends: [Partial<EndedKey>, string][] = [
  [{}, 'Removed 3 days ago by you.'],
  [{ removedVia: 'API' }, 'Removed 3 days ago by the key itself.'],
  [
    { removedVia: 'API', removedIp: '10.0.0.12' },
    'Removed 3 days ago by the key itself, from 10.0.0.12.',
  ],
  [{ leaked: true }, 'Removed 3 days ago by you. Reported as leaked.'],
  [{ leaked: true, removedVia: null }, 'Removed 3 days ago. Reported as leaked.'],
  [{ removedVia: 'operator' }, 'Removed 3 days ago by the operator.'],
  [{ removedVia: null }, 'Removed 3 days ago.'],
  [{ removed: false, removedVia: null }, 'Expired 3 days ago.'],
  [{ endedAt: removed.readAt }, 'Removed less than a minute ago by you.'],
];
for (const [changes, expected] of ends) {
  test(expected, () => assert.equal(describeEnd({ ...removed, ...changes }, 'UTC'), expected));
}

const uses: [Partial<EndedKey>, string][] = [
  [{}, 'Still being tried: last 4 minutes ago from 10.0.0.12 (curl 8.5), at least 212 times.'],
  [
    { stillTried: false, lateUsedAt: new Date('2014-02-14T07:00:00Z'), lateUseCount: 1 },
    'Last tried 2 days ago from 10.0.0.12 (curl 8.5), at least once.',
  ],
  [
    { lateUsedAt: removed.readAt, lateUsedIp: null, lateUsedAgent: '', lateUseCount: 10_000 },
    'Still being tried: last less than a minute ago from an unknown address (an unnamed program), ' +
      'at least 10,000 times.',
  ],
];
for (const [changes, expected] of uses) {
  test(expected, () => assert.equal(describeLateUse({ ...tried, ...changes }, 'UTC'), expected));
}

test('nothing is said of checks where there were none', () => {
  assert.equal(describeLateUse(removed, 'UTC'), '');
});
