import { readClock } from '../../../../db/clock.ts';
import type { KeyAction } from '../action.ts';
import { linodeplans, nodebalancers } from '../catalogue.ts';
import { ApiError } from '../errors.ts';
import type { Given } from '../parameters.ts';
import { timestamp } from '../timestamp.ts';

const TERMS = [1, 12, 24];
/** Linode's billing month ended at midnight there. */
const TIME_ZONE = 'America/New_York';

export const accountEstimateinvoice: KeyAction = {
  name: 'account.estimateinvoice',
  description: 'Estimates the invoice for a new Linode or NodeBalancer, or for resizing a Linode.',
  needs: { permission: 'account' },
  throws: ['VALIDATION'],
  takes: {
    mode: {
      type: 'string',
      required: true,
      description: 'linode_new, linode_resize or nodebalancer_new',
    },
    PaymentTerm: { type: 'numeric', default: 1, description: 'Months: 1, 12 or 24. Default 1.' },
    PlanID: { type: 'numeric', description: 'The plan, for linode_new and linode_resize' },
    LinodeID: { type: 'numeric', description: 'The Linode, for linode_resize' },
  },
  async answer({ db, given }) {
    const term = given.number('PaymentTerm') ?? 1;
    if (!TERMS.includes(term)) throw new ApiError(8, 'PaymentTerm is 1, 12 or 24.');
    const price = monthlyPrice(given);
    return estimate(price, term, await readClock(db));
  },
};

/** In US dollars. */
function monthlyPrice(given: Given): number {
  const mode = given.text('mode').toLowerCase();
  if (mode === 'nodebalancer_new') return nodebalancers[0].MONTHLY;
  if (mode !== 'linode_new' && mode !== 'linode_resize') {
    throw new ApiError(8, 'mode is linode_new, linode_resize or nodebalancer_new.');
  }
  const planId = given.number('PlanID');
  if (planId === undefined) throw new ApiError(6, 'PlanID');
  const plan = linodeplans.find(({ PLANID }) => PLANID === planId);
  if (!plan) throw new ApiError(8, 'PlanID is not a plan.');
  if (mode === 'linode_new') return plan.PRICE;
  if (given.number('LinodeID') === undefined) throw new ApiError(6, 'LinodeID');
  // The account has no Linodes.
  throw new ApiError(5);
}

/**
 * What the rest of this month and the months after it cost.
 *
 * @param price a month, in US dollars.
 * @param term in months, this one included.
 * @returns AMOUNT in US dollars, INVOICE_TO as `2015-07-31 23:59:59` in New York.
 */
export function estimate(price: number, term: number, now: Date) {
  const wall = wallClock(now);
  const [year, month] = [wall.getUTCFullYear(), wall.getUTCMonth()];
  const [start, end] = [Date.UTC(year, month), Date.UTC(year, month + 1)];
  const rest = (end - wall.getTime()) / (end - start);
  return {
    INVOICE_TO: timestamp(new Date(Date.UTC(year, month + term) - 1_000)),
    AMOUNT: Math.round(price * (rest + term - 1) * 100) / 100,
  };
}

/** A date whose UTC fields are what a clock in New York shows. */
function wallClock(now: Date): Date {
  // Swedish writes dates as ISO 8601 does.
  return new Date(`${now.toLocaleString('sv-SE', { timeZone: TIME_ZONE })}Z`);
}
