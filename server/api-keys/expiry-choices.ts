import type { Lifetime, NewExpiry } from '../../db/api-keys/expiry.ts';

interface Expiry {
  value: string;
  text: string;
  lifetime: Lifetime | null;
}

/** The choices of the form, in its order. The first is selected by default. */
export const expiries = [
  { value: 'never', text: 'Never', lifetime: null },
  { value: '1-hour', text: '1 hour', lifetime: { hours: 1 } },
  { value: '1-day', text: '1 day', lifetime: { days: 1 } },
  { value: '1-week', text: '1 week', lifetime: { days: 7 } },
  { value: '1-month', text: '1 month', lifetime: { months: 1 } },
  { value: '3-months', text: '3 months', lifetime: { months: 3 } },
  { value: '6-months', text: '6 months', lifetime: { months: 6 } },
  { value: '12-months', text: '12 months', lifetime: { months: 12 } },
] as const satisfies readonly Expiry[];

export const DEFAULT_EXPIRY = expiries[0].value;

/** The choice with this value, if the form offers it. */
export function findExpiry(value: unknown): Expiry | undefined {
  return expiries.find((expiry) => expiry.value === value);
}

/**
 * The date and time that were typed, by the owner's clock: `2014-12-31` and `23:59`; or what is wrong with
 * them.
 */
export function parseDateAndTime(
  date: string,
  time: string,
): { value: NewExpiry } | { problems: { date?: string; time?: string } } {
  const isDate = isInCalendar(date);
  const isTime = /^([01]\d|2[0-3]):[0-5]\d$/.test(time);
  if (isDate && isTime) return { value: { at: `${date}T${time}` } };
  return {
    problems: {
      ...(!isDate && { date: 'Enter a date, for example 2027-01-31.' }),
      ...(!isTime && { time: 'Enter a time, for example 14:30.' }),
    },
  };
}

function isInCalendar(date: string): boolean {
  if (!/^[1-9]\d{3}-\d\d-\d\d$/.test(date)) return false;
  const parsed = new Date(`${date}T00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
}

/** The choice of the form that is closest to the lifetime of a key. */
export function closestExpiry({
  createdAt,
  expiresAt,
}: {
  createdAt: Date;
  expiresAt: Date | null;
}) {
  if (!expiresAt) return DEFAULT_EXPIRY;
  const days = (expiresAt.getTime() - createdAt.getTime()) / 86_400_000;
  const distances = expiries.flatMap(({ value, lifetime }) =>
    lifetime === null ? [] : [{ value, distance: Math.abs(daysIn(lifetime) - days) }],
  );
  distances.sort((a, b) => a.distance - b.distance);
  return distances[0]?.value ?? DEFAULT_EXPIRY;
}

function daysIn(lifetime: Lifetime): number {
  if ('hours' in lifetime) return lifetime.hours / 24;
  return 'days' in lifetime ? lifetime.days : lifetime.months * 30.44;
}
