/** Zones of a part of the world, in the order of their cities. */
export interface ZoneGroup {
  region: string;
  zones: { value: string; text: string }[];
}

/**
 * Time zones as a person looks for them: `Berlin (UTC+01:00)`, by region.
 *
 * @param zones IANA names.
 * @param now offsets are those of this moment.
 */
export function groupZones(zones: readonly string[], now: Date): ZoneGroup[] {
  const groups = new Map<string, ZoneGroup>();
  for (const zone of zones) {
    const { region, city } = placeOf(zone);
    const group = groups.get(region) ?? { region, zones: [] };
    groups.set(region, group);
    const text = zone === 'UTC' ? zone : `${city} (${offset(zone, now)})`;
    group.zones.push({ value: zone, text });
  }
  for (const group of groups.values())
    group.zones.sort((a, b) => a.text.localeCompare(b.text, 'en'));
  return [...groups.values()];
}

/** `America/Argentina/Buenos_Aires` is Buenos Aires, Argentina, in America. UTC is `Everywhere`. */
function placeOf(zone: string): { region: string; city: string } {
  const [region = '', ...places] = zone.replaceAll('_', ' ').split('/');
  if (places.length === 0) return { region: 'Everywhere', city: region };
  return { region, city: places.reverse().join(', ') };
}

/** `UTC+05:30`. */
function offset(timeZone: string, now: Date): string {
  const parts = formatter(timeZone).formatToParts(now);
  const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  return name === 'GMT' ? 'UTC+00:00' : name.replace('GMT', 'UTC');
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Creating a formatter costs far more than using one. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const created = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  formatters.set(timeZone, created);
  return created;
}
