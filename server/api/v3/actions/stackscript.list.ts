import type { KeyAction } from '../action.ts';

export const stackscriptList: KeyAction = {
  name: 'stackscript.list',
  description: 'Lists the StackScripts of this account, which has none.',
  needs: { permission: 'stackscripts' },
  takes: { StackScriptID: { type: 'numeric', description: 'Only the one with this ID' } },
  answer: () => [],
};
