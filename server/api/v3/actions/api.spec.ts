import type { Action, OpenAction } from '../action.ts';

export const apiSpec: OpenAction = {
  name: 'api.spec',
  description: 'Describes the API for programs: every action and its parameters.',
  needs: 'nothing',
  takes: {},
  answer({ actions }) {
    return {
      VERSION: 3.3,
      METHODS: Object.fromEntries(actions.map((action) => [action.name, specOf(action)])),
    };
  },
};

function specOf({ description, takes, throws = [] }: Action) {
  return {
    DESCRIPTION: description,
    PARAMETERS: Object.fromEntries(
      Object.entries(takes).map(([name, { description, type, required = false }]) => [
        name,
        { NAME: name, DESCRIPTION: description, TYPE: type, REQUIRED: required },
      ]),
    ),
    THROWS: throws.join(','),
  };
}
