import type { KeyAction } from '../action.ts';

export const domainList: KeyAction = {
  name: 'domain.list',
  description: 'Lists the domains of this account, which has none.',
  needs: { permission: 'domains' },
  takes: { DomainID: { type: 'numeric', description: 'Only the one with this ID' } },
  answer: () => [],
};
