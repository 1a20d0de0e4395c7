import { describeUser } from '../../../../db/users.ts';
import type { KeyAction } from '../action.ts';

export const accountInfo: KeyAction = {
  name: 'account.info',
  description: 'Since when the account is there, and what it has used and owes: nothing.',
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

/** In UTC, `2015-06-25 23:52:06`. */
function timestamp(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
