import type { Action } from './action.ts';

/** The names of v3, by those of API v1 in lower case; other parameters kept their names. */
const v3Names = new Map([
  ['action', 'api_action'],
  ['requestarray', 'api_requestArray'],
  ['resultformat', 'api_responseFormat'],
]);

/**
 * What was sent, with the names of v3 where it is a request of API v1, as scripts of 2009 to 2014
 * send it. Next to an `api_action`, `action` is a parameter like any other.
 */
export function fromV1<Value>(sent: readonly [string, Value][]): [string, Value][] {
  const names = new Set(sent.map(([name]) => name.toLowerCase()));
  if (names.has('api_action') || !names.has('action')) return [...sent];
  return sent.map(([name, value]) => [v3Names.get(name.toLowerCase()) ?? name, value]);
}

/** The action with a name, in any case, with or without dots: in API v1 it was `domainList`. */
export function actionNamed(actions: readonly Action[], name: string): Action | undefined {
  const wanted = name.toLowerCase();
  return actions.find(({ name }) => name === wanted || name.replaceAll('.', '') === wanted);
}
