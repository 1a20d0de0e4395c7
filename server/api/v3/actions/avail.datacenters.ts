import type { KeyAction } from '../action.ts';
import { datacenters } from '../catalogue.ts';

export const availDatacenters: KeyAction = {
  name: 'avail.datacenters',
  description: 'Lists the data centers.',
  needs: 'a key',
  takes: {},
  answer: () => datacenters,
};
