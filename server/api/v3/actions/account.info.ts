import { describeUser } from '../../../../db/users.ts';
import type { KeyAction } from '../action.ts';
import { timestamp } from '../timestamp.ts';

export const accountInfo: KeyAction = {
  name: 'account.info',
  description: 'When the account was opened, its transfer, and its balance (always zero here).',
  needs: { permission: 'account' },
  takes: {},
  async answer({ db, key }) {
    const { createdAt } = await describeUser(db, key.userId);
    return {
      ACTIVE_SINCE: `${timestamp(createdAt)}.0`,
      TRANSFER_POOL: 0,
      TRANSFER_USED: 0,
      TRANSFER_BILLABLE: 0,
      BALANCE: 0,
      BILLING_METHOD: 'metered',
      MANAGED: false,
    };
  },
};
