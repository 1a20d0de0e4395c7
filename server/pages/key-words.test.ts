import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRotation, describeStart } from './key-words.ts';

const readAt = new Date('2014-02-13T12:00:00Z');
const hoursAgo = (hours: number) => new Date(readAt.getTime() - hours * 3_600_000);
const old = {
  id: 1,
  prefix: 'lmkOld',
  stage: 'active',
  expiresAt: null,
  lastUsedAt: hoursAgo(2),
  replacedAt: null,
} as const;
const unused = { ...old, id: 2, prefix: 'lmkNew', lastUsedAt: null } as const;
const used = { ...unused, lastUsedAt: hoursAgo(1) } as const;

type Key = Parameters<typeof describeRotation>[0]['key'];

/** What the page of the old key says, and what the page of the new one says. */
function words(oldKey: Key, newKey: Key): [string, string] {
  const say = (rotation: Parameters<typeof describeRotation>[0]) =>
    describeRotation(rotation, readAt, 'UTC')
      .map(({ before, link, after }) => `${before}${link?.text ?? ''}${after ?? ''}`)
      .join(' ');
  return [
    say({ key: oldKey, predecessor: null, successor: newKey }),
    say({ key: newKey, predecessor: oldKey, successor: null }),
  ];
}

test('before the first use of the new key, the old one is not replaced', () => {
  assert.deepEqual(words({ ...old, expiresAt: new Date('2015-01-01') }, unused), [
    'Not replaced yet: the new key has not been used.',
    'Replaces lmkOld…, last used 2 hours ago.',
  ]);
});

test('after the first use, each page says when the old key ends and when the other key was last used', () => {
  const replaced = { ...old, lastUsedAt: hoursAgo(0.5), replacedAt: hoursAgo(5) };
  assert.deepEqual(words({ ...replaced, expiresAt: new Date('2014-02-14T07:00Z') }, used), [
    'Replaced by lmkNew…: ends 2014-02-14 07:00. The new key was last used 1 hour ago.',
    'Replaces lmkOld…: ends 2014-02-14 07:00. The old key was last used 30 minutes ago.',
  ]);
  assert.deepEqual(words(replaced, used), [
    'Replaced by lmkNew…, last used 1 hour ago.',
    'Replaces lmkOld…, last used 30 minutes ago.',
  ]);
});

test('an old key counts as unused since that first use only if its last use is over a minute earlier', () => {
  const quiet = 'The old key has not been used since the new one was first used, 5 hours ago.';
  const replacedAt = hoursAgo(5);
  const used = (msBefore: number) => ({
    ...old,
    replacedAt,
    lastUsedAt: new Date(replacedAt.getTime() - msBefore),
  });
  const both = (oldKey: Key) => words(oldKey, { ...unused, lastUsedAt: hoursAgo(1) });
  for (const text of both(used(60_001))) assert.ok(text.endsWith(quiet), text);
  for (const text of both({ ...old, replacedAt, lastUsedAt: null })) {
    assert.ok(text.endsWith(quiet), text);
  }
  for (const text of both(used(60_000))) assert.ok(!text.includes(quiet), text);
});

test('the new key says how the old one has ended', () => {
  assert.equal(
    words({ ...old, stage: 'expired' }, used)[1],
    'Replaces lmkOld…, which has expired.',
  );
  for (const stage of ['undoable', 'removed', 'leaked'] as const) {
    assert.equal(words({ ...old, stage }, used)[1], 'Replaces lmkOld…, which was removed.');
  }
});

test('only an overlap of some hours begins with the first use', () => {
  const start = 'The first call with this key, also a trial, starts the hour.';
  assert.equal(describeStart({ overlap: 1 }), start);
  for (const overlap of [0, 'until removed', null] as const) {
    assert.equal(describeStart({ overlap }), undefined);
  }
});
