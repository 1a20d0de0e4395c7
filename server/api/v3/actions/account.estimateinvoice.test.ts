import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeOnDatabase } from '../../../../db/testing/describe.ts';
import { type Api, startApi } from '../../../testing/api.ts';
import { estimate } from './account.estimateinvoice.ts';

test('an estimate is what the rest of the month costs, as the original answered it', () => {
  const recorded = { INVOICE_TO: '2015-07-31 23:59:59', AMOUNT: 8.07 };
  assert.deepEqual(estimate(10, 1, new Date('2015-07-06T23:35:00-04:00')), recorded);
});

test('a month ends at midnight in New York', () => {
  const lastSecond = new Date('2015-07-31T23:59:59-04:00');
  assert.deepEqual(estimate(10, 1, lastSecond), { INVOICE_TO: '2015-07-31 23:59:59', AMOUNT: 0 });
  const august = new Date('2015-08-01T00:00:00-04:00');
  assert.deepEqual(estimate(10, 1, august), { INVOICE_TO: '2015-08-31 23:59:59', AMOUNT: 10 });
});

test('a longer term adds whole months', () => {
  const now = new Date('2015-08-01T00:00:00-04:00');
  assert.deepEqual(estimate(10, 12, now), { INVOICE_TO: '2016-07-31 23:59:59', AMOUNT: 120 });
  assert.deepEqual(estimate(10, 24, now), { INVOICE_TO: '2017-07-31 23:59:59', AMOUNT: 240 });
});

describeOnDatabase('account.estimateinvoice', (on) => {
  let api: Api;
  before(async () => {
    api = await startApi(on);
  });
  after(() => api.app.close());

  const asking = (fields: Record<string, string>) => ({
    api_action: 'account.estimateinvoice',
    ...fields,
  });

  test('new Linodes and NodeBalancers are estimated', async () => {
    for (const fields of [
      { mode: 'linode_new', PlanID: '1', PaymentTerm: '1' },
      { mode: 'LINODE_NEW', PlanID: '12', PaymentTerm: '24', LinodeID: '1' },
      { mode: 'nodebalancer_new' },
    ]) {
      const { ERRORARRAY, DATA } = await api.call(asking(fields));
      assert.deepEqual(ERRORARRAY, []);
      assert.match(
        JSON.stringify(DATA),
        /^\{"INVOICE_TO":"\d{4}-\d\d-\d\d 23:59:59","AMOUNT":[\d.]+\}$/,
      );
    }
  });

  test("the month is that of the database's clock", async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: new Date('2014-02-13') });
    const { DATA } = await api.call(asking({ mode: 'nodebalancer_new' }));
    assert.doesNotMatch(JSON.stringify(DATA), /"INVOICE_TO":"2014/);
  });

  test('what is missing or wrong is refused', async () => {
    const refused: [number, Record<string, string>][] = [
      [6, {}],
      [8, { mode: 'x' }],
      [6, { mode: 'linode_new' }],
      [8, { mode: 'linode_new', PlanID: '3' }],
      [8, { mode: 'linode_new', PlanID: '1', PaymentTerm: '2' }],
      [7, { mode: 'linode_new', PlanID: 'one' }],
      [6, { mode: 'linode_resize', PlanID: '1' }],
      [5, { mode: 'linode_resize', PlanID: '1', LinodeID: '1' }],
    ];
    for (const [code, fields] of refused) await api.refuses(code, asking(fields));
  });
});
