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

/** How much time is left until `end`: `5 months`, `Less than a minute`. */
export function timeLeft(end: Date, now: Date, timeZone: string): string {
  // The database has microseconds, which a Date cuts off. Without this, a key that was created for six
  // months within this millisecond would have six months left, and at any later time five.
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
  return second(date, timeZone).slice(0, 16);
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

/** What a clock in a time zone shows, as the UTC time of a Date. */
function wallClock(date: Date, timeZone: string): Date {
  const shown = second(date, timeZone);
  return new Date(Date.parse(`${shown.replace(' ', 'T')}Z`) + date.getUTCMilliseconds());
}

/** A time zone's formatter, and what it has formatted: a page asks for the same times again and again. */
interface Clock {
  formatter: Intl.DateTimeFormat;
  known: Map<number, string>;
}

const clocks = new Map<string, Clock>();
const MOST_KNOWN = 1_000;

/** `2014-02-13 07:42:05` on the clock of a time zone. */
function second(date: Date, timeZone: string): string {
  const { formatter, known } = clockOf(timeZone);
  const time = date.getTime();
  const before = known.get(time);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const shown = formatter.format(date);
  known.set(time, shown);
  return shown;
}

/** Creating a formatter costs far more than using one. */
function clockOf(timeZone: string): Clock {
  const existing = clocks.get(timeZone);
  if (existing) return existing;
  // The Swedish format is `2014-02-13 07:42:05`.
  const options = { timeZone, dateStyle: 'short', timeStyle: 'medium' } as const;
  const clock = { formatter: new Intl.DateTimeFormat('sv-SE', options), known: new Map() };
  clocks.set(timeZone, clock);
  return clock;
}

/** `1 minute`, `2 minutes`. */
export function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}
