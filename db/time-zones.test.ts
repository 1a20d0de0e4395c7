import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeOnEachDatabase } from './testing/describe.ts';
import { currentTimeZone, listTimeZones, timeZonesOf } from './time-zones.ts';

/** The zones of a server without the old names, such as Debian 13's. */
const withoutOldNames = new Set(Intl.supportedValuesOf('timeZone').map(currentTimeZone));

test('every zone of Node is offered, under its current name', () => {
  const zones = timeZonesOf(withoutOldNames);
  assert.equal(zones.length, new Set([...withoutOldNames, 'UTC']).size);
  for (const zone of ['Asia/Kolkata', 'Europe/Kyiv', 'America/Argentina/Buenos_Aires']) {
    assert.ok(zones.includes(zone), zone);
  }
  assert.ok(!zones.includes('Asia/Calcutta'));
  assert.equal(zones[0], 'UTC');
});

test('a zone that the database knows only under its old name is offered under that', () => {
  const zones = timeZonesOf(new Set(['Europe/Kiev', 'Europe/Berlin']));
  assert.deepEqual(zones, ['UTC', 'Europe/Berlin', 'Europe/Kiev']);
});

test('the old and the current name mean the same zone', () => {
  const canonical = (timeZone: string) =>
    new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    assert.equal(canonical(currentTimeZone(zone)), canonical(zone));
  }
});

test('a stored zone is used under its current name, and an unknown one as UTC', () => {
  assert.equal(currentTimeZone('Asia/Calcutta'), 'Asia/Kolkata');
  assert.equal(currentTimeZone('Europe/Berlin'), 'Europe/Berlin');
  assert.equal(currentTimeZone('Mars/Olympus'), 'UTC');
});

describeOnEachDatabase('time zones', (on) => {
  test('all zones of Node are offered', async () => {
    const zones = await listTimeZones(on.db);
    assert.ok(zones.length > 400, `${zones.length} zones`);
    assert.equal(await listTimeZones(on.db), zones);
  });
});
