import assert from 'node:assert/strict';
import { test } from 'node:test';
import { age, minute, timeLeft } from './dates.ts';

const now = '2014-02-13T07:42:30Z';
const ages = [
  ['2014-02-13T07:42:30Z', 'Right Now!'],
  ['2014-02-13T07:43:30Z', 'Right Now!'],
  ['2014-02-13T07:41:31Z', 'Right Now!'],
  ['2014-02-13T07:41:30Z', '1 minute ago'],
  ['2014-02-13T06:42:31Z', '59 minutes ago'],
  ['2014-02-13T06:42:30Z', '1 hour ago'],
  ['2014-02-12T07:42:31Z', '23 hours ago'],
  ['2014-02-12T07:42:30Z', '1 day ago'],
  ['2014-02-06T07:42:30Z', '7 days ago'],
  ['2014-01-14T07:42:31Z', '29 days ago'],
  ['2014-01-14T07:42:30Z', '1 month ago'],
  ['2013-12-13T07:42:31Z', '1 month ago'],
  ['2013-12-13T07:42:30Z', '2 months ago'],
  ['2013-02-13T07:42:31Z', '11 months ago'],
  ['2013-02-13T07:42:30Z', '1 year ago'],
  ['2012-02-13T07:42:31Z', '1 year ago'],
  ['2012-02-13T07:42:30Z', '2 years ago'],
] as const;
for (const [then, said] of ages) {
  test(`at ${now}, ${then} was ${said}`, () => {
    assert.equal(age(new Date(then), new Date(now), 'UTC'), said);
  });
}

const left = [
  ['2014-02-13T07:42:31Z', 'Less than a minute'],
  ['2014-02-13T07:43:30Z', 'Less than a minute'],
  ['2014-02-13T07:43:31Z', '1 minute'],
  ['2014-02-13T08:42:30Z', '59 minutes'],
  ['2014-08-13T07:42:30Z', '5 months'],
  ['2014-08-13T07:42:31Z', '6 months'],
  ['2015-02-13T07:42:30Z', '11 months'],
] as const;
for (const [end, said] of left) {
  test(`at ${now}, ${end} is ${said} away`, () => {
    assert.equal(timeLeft(new Date(end), new Date(now), 'UTC'), said);
  });
}

test('months are counted on the calendar of the time zone, across daylight saving', () => {
  const winter = new Date('2014-01-15T11:00:00Z');
  const summer = new Date('2014-07-15T10:00:00Z');
  assert.equal(age(winter, summer, 'Europe/Berlin'), '6 months ago');
  assert.equal(age(winter, summer, 'UTC'), '5 months ago');
});

test('a minute is shown on a 24-hour clock in the time zone', () => {
  const date = new Date('2014-06-30T22:05:59Z');
  assert.equal(minute(date, 'UTC'), '2014-06-30 22:05');
  assert.equal(minute(date, 'Europe/Berlin'), '2014-07-01 00:05');
  assert.equal(minute(date, 'America/St_Johns'), '2014-06-30 19:35');
});
