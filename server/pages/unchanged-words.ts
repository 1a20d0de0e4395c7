import { type ActionRefusal, actionRefusals } from '../../db/api-keys/transitions.ts';

/** How many keys an action left as they were, by the reason. */
export type Unchanged = { [Why in UnchangedWhy]?: number };

/** `paused before`: it was paused again, until another time. */
type UnchangedWhy = ActionRefusal | 'paused before';

/** After `1` and after a higher number. */
const predicates: Record<UnchangedWhy, [one: string, more: string]> = {
  paused: ['is paused', 'are paused'],
  'paused before': ['was already paused', 'were already paused'],
  'not paused': ['was not paused', 'were not paused'],
  expired: ['has expired', 'have expired'],
  removed: ['was removed', 'were removed'],
  'removed before': ['was already removed', 'were already removed'],
  'not removed': ['was not removed', 'were not removed'],
  leaked: ['may have leaked', 'may have leaked'],
  'reported before': ['was already reported as leaked', 'were already reported as leaked'],
  'too late': ['was removed too long ago', 'were removed too long ago'],
  'successor used': ['was already replaced', 'were already replaced'],
};

export function isUnchanged(why: unknown): why is UnchangedWhy {
  return typeof why === 'string' && Object.hasOwn(predicates, why);
}

/** What is said beside the keys that were changed: `2 have expired, 1 was removed.` Empty if nothing is. */
export function describeUnchanged(unchanged: Unchanged): string {
  const counted = entries(unchanged).map(([why, count]) => {
    const [one, more] = predicates[why];
    return `${count} ${count === 1 ? one : more}`;
  });
  return counted.length > 0 ? `${counted.join(', ')}.` : '';
}

/** Why nothing was done: of one key `The key has expired.`, of several how many there are of each kind. */
export function describeNothingDone(unchanged: Unchanged): string {
  const [[why, count] = [undefined, 0], ...others] = entries(unchanged);
  const isOne = count === 1 && others.length === 0;
  if (isOne && why !== undefined && why !== 'paused before') return actionRefusals[why].text;
  return `Nothing was done: ${describeUnchanged(unchanged)}`;
}

function entries(unchanged: Unchanged): [UnchangedWhy, number][] {
  return Object.entries(unchanged).flatMap(([why, count]) =>
    isUnchanged(why) && count > 0 ? [[why, count]] : [],
  );
}
