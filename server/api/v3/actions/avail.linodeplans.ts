import type { KeyAction } from '../action.ts';
import { linodeplans } from '../catalogue.ts';

export const availLinodeplans: KeyAction = {
  name: 'avail.linodeplans',
  description: 'Lists the plans for Linodes, with their resources and prices.',
  needs: 'a key',
  takes: { PlanID: { type: 'numeric', description: 'Only the one with this ID' } },
  answer({ given }) {
    const id = given.number('PlanID');
    return linodeplans.filter((row) => id === undefined || row.PLANID === id);
  },
};
