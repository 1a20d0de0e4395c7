// The table of what can be done with a key in which stage of its life, in words, for the documentation.
import { type KeyStage, keyStages, UNDO_MINUTES } from '../../db/api-keys/state.ts';
import {
  actionRefusals,
  type KeyAction,
  refusalOf,
  rotations,
  transitions,
} from '../../db/api-keys/transitions.ts';

/** An action on a key. */
export interface LifeRow {
  action: string;
  /** The stages in which it is possible. */
  possible: string[];
  /** Why it is refused, or does nothing, in the others. */
  otherwise: string[];
}

/** One row for each action. */
export function describeLife(): LifeRow[] {
  return Object.keys(transitions).filter(isAction).map(describeAction);
}

function isAction(name: string): name is KeyAction {
  return Object.hasOwn(transitions, name);
}

function describeAction(action: KeyAction): LifeRow {
  const refusals = [
    ...keyStages.flatMap((stage) => refusalOf(action, stage) ?? []),
    ...(action === 'rotate' ? Object.values(rotations).filter((cell) => cell !== 'ok') : []),
  ];
  return {
    action: actionWords[action],
    possible: keyStages
      .filter((stage) => !refusalOf(action, stage))
      .map((stage) => stageWords[stage]),
    otherwise: [...new Set(refusals)].map((refusal) => actionRefusals[refusal].text),
  };
}

const actionWords: Record<KeyAction, string> = {
  edit: 'Edit',
  rotate: 'Rotate',
  pause: 'Pause',
  resume: 'Resume',
  remove: 'Remove',
  'remove as leaked': 'Report as leaked',
  'remove itself': 'DELETE /api/key',
  undo: 'Undo a removal',
  'be replaced': 'End after the first use of the new key',
};

const stageWords: Record<KeyStage, string> = {
  active: 'active',
  paused: 'paused',
  expired: 'expired',
  undoable: `removed less than ${UNDO_MINUTES} minutes ago`,
  removed: 'removed',
  leaked: 'leaked',
};
