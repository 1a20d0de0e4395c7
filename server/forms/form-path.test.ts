import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotDone, withNotDone } from './form-path.ts';

test('the mark of a form that was not acted upon is found, whatever else the query has', () => {
  for (const path of ['/profile', '/profile?time_zone=Asia%2FTokyo', '/profile?a=?']) {
    assert.equal(isNotDone(path), false, path);
    assert.equal(isNotDone(withNotDone(path)), true, path);
  }
});

test('a URL that is longer than that of any form is not parsed', () => {
  assert.equal(isNotDone(withNotDone(`/profile?${'a&'.repeat(30_000)}`)), false);
});
