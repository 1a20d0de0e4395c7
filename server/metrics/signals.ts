import { EventEmitter } from 'node:events';
import type { KeyCheckOutcome } from '../key-checks/outcomes.ts';

interface Signals {
  /** A key was checked. */
  'key check': [outcome: KeyCheckOutcome];
  /** A statement was sent that looks up this many keys. */
  'key lookup': [keys: number];
  /** A user name and a password were sent, on the page or to the API. */
  'log in': [outcome: LogInOutcome];
}

/**
 * `code needed`: the password was right, and the code is still missing; `wrong code`: the code was wrong.
 * `throttled`: refused by the rate limit, so not tried. `unavailable`: too many at once, or the
 * database was away.
 */
export const logInOutcomes = [
  'right',
  'wrong',
  'code needed',
  'wrong code',
  'throttled',
  'unavailable',
] as const;
export type LogInOutcome = (typeof logInOutcomes)[number];

/** What this process does, for the metrics to count. Without METRICS_PORT nothing listens. */
export const signals = new EventEmitter<Signals>();
