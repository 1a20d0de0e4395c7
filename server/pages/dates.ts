const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago `then` was, in the words of the table: `Right Now!`, `2 hours ago`. */
export function age(then: Date, now: Date, timeZone: string): string {
  return isRecent(then, now) ? 'Right Now!' : ago(then, now, timeZone);
}

/** How long ago `then` was, within a sentence: `less than a minute ago`, `2 hours ago`. */
export function ago(then: Date, now: Date, timeZone: string): string {
  return isRecent(then, now) ? 'less than a minute ago' : `${span(then, now, timeZone)} ago`;
}

function isRecent(then: Date, now: Date): boolean {
  return now.getTime() - then.getTime() < MINUTE;
}

/** How long `end` is away: `5 months`, `Less than a minute`. */
export function timeLeft(end: Date, now: Date, timeZone: string): string {
  // The database has microseconds, which a Date cuts off: without this, something created now to
  // last six months would have less than six months left.
  const left = new Date(end.getTime() - 1);
  if (left.getTime() - now.getTime() < MINUTE) return 'Less than a minute';
  return span(now, left, timeZone);
}

/** How long it is from one time to a later one: `6 months`. */
export function length(from: Date, to: Date, timeZone: string): string {
  return to.getTime() - from.getTime() < MINUTE ? 'less than a minute' : span(from, to, timeZone);
}

/** `2014-02-13 07:42` on the clock of a time zone (24 hours). */
export function minute(date: Date, timeZone: string): string {
  return formatter(timeZone).format(date).slice(0, 16);
}

/** `14:32` on the clock of a time zone, for times of the same day. */
export function timeOfDay(date: Date, timeZone: string): string {
  return minute(date, timeZone).slice(11);
}

/** The largest unit that fits, rounded down: minutes, hours, days, then calendar months, years. */
function span(from: Date, to: Date, timeZone: string): string {
  const elapsed = to.getTime() - from.getTime();
  if (elapsed < HOUR) return count(Math.floor(elapsed / MINUTE), 'minute');
  if (elapsed < DAY) return count(Math.floor(elapsed / HOUR), 'hour');
  if (elapsed < 30 * DAY) return count(Math.floor(elapsed / DAY), 'day');
  // 30 days into a month of 31 are not a calendar month yet, but no longer "days" either.
  const months = Math.max(1, calendarMonths(wallClock(from, timeZone), wallClock(to, timeZone)));
  if (months < 12) return count(months, 'month');
  return count(Math.floor(months / 12), 'year');
}

function calendarMonths(from: Date, to: Date): number {
  const years = to.getUTCFullYear() - from.getUTCFullYear();
  const months = years * 12 + to.getUTCMonth() - from.getUTCMonth();
  return sinceMonthBegan(to) < sinceMonthBegan(from) ? months - 1 : months;
}

function sinceMonthBegan(wall: Date): number {
  return wall.getTime() - Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth());
}

/** What the clock on the wall shows in a time zone, as if that were UTC. */
function wallClock(date: Date, timeZone: string): Date {
  const shown = formatter(timeZone).format(date);
  return new Date(Date.parse(`${shown.replace(' ', 'T')}Z`) + date.getUTCMilliseconds());
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** `2014-02-13 07:42:05`, the Swedish format. Creating a formatter costs far more than using one. */
function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  formatters.set(timeZone, made);
  return made;
}

/** `1 minute`, `2 minutes`. */
export function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}
