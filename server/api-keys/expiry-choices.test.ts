import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closestExpiry, parseDateAndTime } from './expiry-choices.ts';

test('a date and a time that exist are taken as they are', () => {
  assert.deepEqual(parseDateAndTime('2028-02-29', '23:59'), { value: { at: '2028-02-29T23:59' } });
});

for (const date of ['', '2027-02-29', '2027-13-01', '0000-01-01', '27-01-01', '+02027-01-01']) {
  test(`the date ${JSON.stringify(date)} is refused`, () => {
    const problems = { date: 'Enter a date, for example 2027-01-31.' };
    assert.deepEqual(parseDateAndTime(date, '00:00'), { problems });
  });
}

for (const time of ['', '24:00', '12:60', '1:00', '12:00:00']) {
  test(`the time ${JSON.stringify(time)} is refused`, () => {
    const problems = { time: 'Enter a time, for example 14:30.' };
    assert.deepEqual(parseDateAndTime('2027-01-31', time), { problems });
  });
}

test('the lifetime of a key is matched to the closest choice', () => {
  const createdAt = new Date('2014-02-13T07:42:00Z');
  const after = (days: number) => new Date(createdAt.getTime() + days * 86_400_000);
  assert.equal(closestExpiry({ createdAt, expiresAt: null }), 'never');
  assert.equal(closestExpiry({ createdAt, expiresAt: after(0.01) }), '1-hour');
  assert.equal(closestExpiry({ createdAt, expiresAt: after(28) }), '1-month');
  assert.equal(closestExpiry({ createdAt, expiresAt: after(89) }), '3-months');
  assert.equal(closestExpiry({ createdAt, expiresAt: after(3_000) }), '12-months');
});
