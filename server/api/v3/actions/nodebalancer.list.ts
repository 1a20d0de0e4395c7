import type { KeyAction } from '../action.ts';

export const nodebalancerList: KeyAction = {
  name: 'nodebalancer.list',
  description: 'Lists the NodeBalancers of this account, which has none.',
  needs: { permission: 'nodebalancers' },
  takes: { NodeBalancerID: { type: 'numeric', description: 'Only the one with this ID' } },
  answer: () => [],
};
