import { type KeyState, keyStates } from '../../db/api-keys/state.ts';

/**
 * Why a key is refused. The first three are for a key that is not found, the others for one that is: so
 * only a client that has the key learns those.
 */
export type RefusalReason = 'missing' | 'ambiguous' | 'unknown' | Exclude<KeyState, 'active'>;

export const refusalReasons: readonly RefusalReason[] = [
  'missing',
  'ambiguous',
  'unknown',
  ...keyStates.filter((state) => state !== 'active'),
];

/** `unavailable`: the database was away. */
export type KeyCheckOutcome = 'good' | RefusalReason | 'unavailable';

/** All outcomes of a check of a key, for the metrics. */
export const keyCheckOutcomes: readonly KeyCheckOutcome[] = [
  'good',
  ...refusalReasons,
  'unavailable',
];
