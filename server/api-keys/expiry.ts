import type { Lifetime } from '../../db/api-keys/expiry.ts';

interface Expiry {
  value: string;
  text: string;
  lifetime: Lifetime | null;
}

/** What the form offers, in its order; the first is what it suggests. */
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
