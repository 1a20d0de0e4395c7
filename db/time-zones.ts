import { sql } from 'kysely';
import type { Database } from './database.ts';

/**
 * The current names (of the IANA Time Zone Database) of zones that Node lists under an old one.
 * PostgreSQL may know only the current one: Debian 13 has the old ones in a package of its own.
 */
const CURRENT_NAMES: ReadonlyMap<string, string> = new Map([
  ['Africa/Asmera', 'Africa/Asmara'],
  ['America/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ['America/Catamarca', 'America/Argentina/Catamarca'],
  ['America/Coral_Harbour', 'America/Atikokan'],
  ['America/Cordoba', 'America/Argentina/Cordoba'],
  ['America/Godthab', 'America/Nuuk'],
  ['America/Indianapolis', 'America/Indiana/Indianapolis'],
  ['America/Jujuy', 'America/Argentina/Jujuy'],
  ['America/Louisville', 'America/Kentucky/Louisville'],
  ['America/Mendoza', 'America/Argentina/Mendoza'],
  ['Asia/Calcutta', 'Asia/Kolkata'],
  ['Asia/Katmandu', 'Asia/Kathmandu'],
  ['Asia/Rangoon', 'Asia/Yangon'],
  ['Asia/Saigon', 'Asia/Ho_Chi_Minh'],
  ['Atlantic/Faeroe', 'Atlantic/Faroe'],
  ['Europe/Kiev', 'Europe/Kyiv'],
  ['Pacific/Enderbury', 'Pacific/Kanton'],
  ['Pacific/Ponape', 'Pacific/Pohnpei'],
  ['Pacific/Truk', 'Pacific/Chuuk'],
]);

/** The zones that both this Node and the database know, under their current names. */
export async function listTimeZones(db: Database): Promise<string[]> {
  let zones = lists.get(db);
  if (!zones) {
    const { rows } = await sql<{ name: string }>`select name from pg_timezone_names`.execute(db);
    zones = timeZonesOf(new Set(rows.map((row) => row.name)));
    lists.set(db, zones);
  }
  return zones;
}

/** Kept, since the database reads a folder of files for each list. */
const lists = new WeakMap<Database, string[]>();

/** UTC first (Intl does not list it), then in order the zones that this Node and a database know. */
export function timeZonesOf(known: ReadonlySet<string>): string[] {
  const zones = Intl.supportedValuesOf('timeZone').flatMap((zone) => {
    const current = currentTimeZone(zone);
    if (known.has(current)) return current;
    return known.has(zone) ? zone : [];
  });
  return ['UTC', ...zones.filter((zone) => zone !== 'UTC').sort()];
}

/**
 * A stored time zone under its current name; UTC where this Node does not know it (any more).
 */
export function currentTimeZone(stored: string): string {
  let current = currentZones.get(stored);
  if (current === undefined) {
    current = CURRENT_NAMES.get(stored) ?? stored;
    if (!isKnownToNode(current)) current = 'UTC';
    currentZones.set(stored, current);
  }
  return current;
}

const currentZones = new Map<string, string>();

function isKnownToNode(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}
