import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupZones } from './time-zone-names.ts';

const winter = new Date('2026-01-15T12:00Z');
const summer = new Date('2026-07-15T12:00Z');

test('zones are grouped by region, ordered by city, with the offset of the day', () => {
  const zones = ['UTC', 'Europe/Paris', 'Asia/Kolkata', 'Europe/Berlin', 'America/St_Johns'];
  assert.deepEqual(groupZones(zones, winter), [
    { region: 'Everywhere', zones: [{ value: 'UTC', text: 'UTC' }] },
    {
      region: 'Europe',
      zones: [
        { value: 'Europe/Berlin', text: 'Berlin (UTC+01:00)' },
        { value: 'Europe/Paris', text: 'Paris (UTC+01:00)' },
      ],
    },
    { region: 'Asia', zones: [{ value: 'Asia/Kolkata', text: 'Kolkata (UTC+05:30)' }] },
    { region: 'America', zones: [{ value: 'America/St_Johns', text: 'St Johns (UTC-03:30)' }] },
  ]);
  assert.equal(groupZones(['Europe/Berlin'], summer)[0]?.zones[0]?.text, 'Berlin (UTC+02:00)');
});

test('a city of a smaller place is named with it, and no two zones have the same name', () => {
  const [group] = groupZones(['America/Argentina/Buenos_Aires'], winter);
  assert.equal(group?.zones[0]?.text, 'Buenos Aires, Argentina (UTC-03:00)');
  for (const { region, zones } of groupZones(Intl.supportedValuesOf('timeZone'), winter)) {
    assert.equal(new Set(zones.map(({ text }) => text)).size, zones.length, region);
  }
});
