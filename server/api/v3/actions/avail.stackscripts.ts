import type { KeyAction } from '../action.ts';

export const availStackscripts: KeyAction = {
  name: 'avail.stackscripts',
  description: 'Lists public StackScripts. There are none.',
  needs: 'a key',
  takes: {
    DistributionID: { type: 'numeric', description: 'Only those for this distribution' },
    DistributionVendor: { type: 'string', description: 'Only those for this vendor, e.g. Debian' },
    keywords: { type: 'string', description: 'Search terms' },
  },
  answer: () => [],
};
