import type { KeyAction } from '../action.ts';
import { kernels } from '../catalogue.ts';

export const availKernels: KeyAction = {
  name: 'avail.kernels',
  description: 'Lists the kernels that a Linode can run.',
  needs: 'a key',
  takes: { KernelID: { type: 'numeric', description: 'Only the one with this id' } },
  answer({ given }) {
    const id = given.number('KernelID');
    return kernels.filter((row) => id === undefined || row.KERNELID === id);
  },
};
