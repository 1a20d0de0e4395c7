import { EventEmitter } from 'node:events';

interface Signals {
  /** A key was checked; `unavailable`: the database was away. */
  'key check': [outcome: KeyCheckOutcome];
  /** A statement went out that looks so many keys up. */
  'key lookup': [keys: number];
  /** Somebody gave a name and a password, on the page or to the API. */
  'log in': [outcome: LogInOutcome];
}

export const keyCheckOutcomes = [
  'good',
  'missing',
  'ambiguous',
  'unknown',
  'expired',
  'removed',
  'disabled',
  'unavailable',
] as const;
type KeyCheckOutcome = (typeof keyCheckOutcomes)[number];

/** `throttled`: not even tried. `unavailable`: too many at once, or the database was away. */
export const logInOutcomes = ['right', 'wrong', 'throttled', 'unavailable'] as const;
type LogInOutcome = (typeof logInOutcomes)[number];

/** What this process does, said to whoever counts it. Nobody does unless METRICS_PORT is set. */
export const signals = new EventEmitter<Signals>();
