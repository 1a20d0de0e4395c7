import type { KeyAction } from '../action.ts';
import { distributions } from '../catalogue.ts';

export const availDistributions: KeyAction = {
  name: 'avail.distributions',
  description: 'Lists the Linux distributions available for Linodes.',
  needs: 'a key',
  takes: { DistributionID: { type: 'numeric', description: 'Only the one with this ID' } },
  answer({ given }) {
    const id = given.number('DistributionID');
    return distributions.filter((row) => id === undefined || row.DISTRIBUTIONID === id);
  },
};
