import { type KeyState, keyStates } from '../../db/api-keys/state.ts';

/** Why a key is refused before it is found, and after that. Only who has the key learns the latter. */
export type RefusalReason = 'missing' | 'ambiguous' | 'unknown' | Exclude<KeyState, 'active'>;

export const refusalReasons: readonly RefusalReason[] = [
  'missing',
  'ambiguous',
  'unknown',
  ...keyStates.filter((state) => state !== 'active'),
];

/** `unavailable`: the database was away. */
export type KeyCheckOutcome = 'good' | RefusalReason | 'unavailable';

/** Everything that a check of a key can come to, for metrics and the log. */
export const keyCheckOutcomes: readonly KeyCheckOutcome[] = [
  'good',
  ...refusalReasons,
  'unavailable',
];
