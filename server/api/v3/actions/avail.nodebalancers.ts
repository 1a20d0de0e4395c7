import type { KeyAction } from '../action.ts';
import { nodebalancers } from '../catalogue.ts';

export const availNodebalancers: KeyAction = {
  name: 'avail.nodebalancers',
  description: 'Lists NodeBalancer prices.',
  needs: 'a key',
  takes: {},
  answer: () => nodebalancers,
};
