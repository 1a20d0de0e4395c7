// What can be done with a key in which stage of its life: the one definition. SQL conditions, pages, the
// API, the command line and the documentation derive from it.
import { sql } from 'kysely';
import { type KeyStage, keyStage, keyStages, UNDO_MINUTES } from './state.ts';

/**
 * Why an action does nothing, in a sentence. `notice`: the key already is as asked; `refused`: the action is
 * not possible.
 */
export const actionRefusals = {
  paused: { weight: 'refused', text: 'The key is paused.' },
  expired: { weight: 'refused', text: 'The key has expired.' },
  removed: { weight: 'refused', text: 'The key was removed.' },
  leaked: {
    weight: 'refused',
    text: 'The key may have leaked, so its removal cannot be undone.',
  },
  'too late': {
    weight: 'refused',
    text: `A removal can be undone only for ${UNDO_MINUTES} minutes.`,
  },
  'successor used': {
    weight: 'refused',
    text: 'The key was already replaced, and the new key is in use.',
  },
  'removed before': { weight: 'notice', text: 'The key was already removed.' },
  'reported before': { weight: 'notice', text: 'The key was already reported as leaked.' },
  'not paused': { weight: 'notice', text: 'The key is not paused.' },
  'not removed': { weight: 'notice', text: 'The key was not removed.' },
} as const satisfies Record<string, { weight: 'refused' | 'notice'; text: string }>;

export type ActionRefusal = keyof typeof actionRefusals;

const ENDED = {
  expired: 'expired',
  undoable: 'removed',
  removed: 'removed',
  leaked: 'removed',
} as const;

/** For each action and stage: `ok`, or why not. */
export const transitions = {
  edit: { active: 'ok', paused: 'ok', ...ENDED },
  /** Also depends on the key's successor: see `rotations`. */
  rotate: { active: 'ok', paused: 'ok', ...ENDED },
  /** The pause of a paused key gets another end. */
  pause: { active: 'ok', paused: 'ok', ...ENDED },
  resume: { active: 'not paused', paused: 'ok', ...ENDED },
  remove: {
    active: 'ok',
    paused: 'ok',
    expired: 'ok',
    undoable: 'removed before',
    removed: 'removed before',
    leaked: 'removed before',
  },
  /** A removed key becomes a leaked one. */
  'remove as leaked': {
    active: 'ok',
    paused: 'ok',
    expired: 'ok',
    undoable: 'ok',
    removed: 'ok',
    leaked: 'reported before',
  },
  /** By `DELETE /api/key`, with a key whose checks pass. */
  'remove itself': { active: 'ok', paused: 'paused', ...ENDED },
  undo: {
    active: 'not removed',
    paused: 'not removed',
    expired: 'not removed',
    undoable: 'ok',
    removed: 'too late',
    leaked: 'leaked',
  },
  /** By the first use of its successor: the key then ends after the overlap, if not before. */
  'be replaced': { active: 'ok', paused: 'ok', ...ENDED },
} as const satisfies Record<string, Record<KeyStage, 'ok' | ActionRefusal>>;

export type KeyAction = keyof typeof transitions;

/** Whether a key can be rotated, depending on its successor that was not removed. */
export const rotations = {
  none: 'ok',
  /** The unused successor is removed, and the new key takes its place. */
  unused: 'ok',
  used: 'successor used',
} as const satisfies Record<string, 'ok' | ActionRefusal>;

/** Why an action does nothing; undefined where it is possible. */
export function refusalOf(action: KeyAction, stage: KeyStage): ActionRefusal | undefined {
  const cell: 'ok' | ActionRefusal = transitions[action][stage];
  return cell === 'ok' ? undefined : cell;
}

/** Whether an action is possible, as a condition of the statement that does it. */
export function isPossible(action: KeyAction, key: string) {
  const stages = keyStages.filter((stage) => transitions[action][stage] === 'ok');
  return sql<boolean>`(${keyStage(key)} in (${sql.join(stages.map((stage) => sql.lit(stage)))}))`;
}
