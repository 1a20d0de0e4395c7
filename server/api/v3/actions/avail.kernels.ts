import type { KeyAction } from '../action.ts';
import { kernels } from '../catalogue.ts';

export const availKernels: KeyAction = {
  name: 'avail.kernels',
  description: 'Lists the kernels available for Linodes.',
  needs: 'a key',
  takes: {
    KernelID: { type: 'numeric', description: 'Only the one with this ID' },
    isXen: { type: 'boolean', description: 'Show or hide kernels for Xen' },
    isKVM: { type: 'boolean', description: 'Show or hide kernels for KVM' },
  },
  answer({ given }) {
    const id = given.number('KernelID');
    const [isXen, isKvm] = [given.flag('isXen'), given.flag('isKVM')];
    return kernels.filter(
      (row) =>
        (id === undefined || row.KERNELID === id) &&
        (isXen === undefined || isXen === Boolean(row.ISXEN)) &&
        (isKvm === undefined || isKvm === Boolean(row.ISKVM)),
    );
  },
};
