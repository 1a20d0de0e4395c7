import type { KeyAction } from '../action.ts';

export const linodeList: KeyAction = {
  name: 'linode.list',
  description: 'Lists the Linodes of this account, which has none.',
  needs: { permission: 'linodes' },
  takes: { LinodeID: { type: 'numeric', description: 'Only the one with this ID' } },
  answer: () => [],
};
