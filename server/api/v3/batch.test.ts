import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeOnDatabase } from '../../../db/testing/describe.ts';
import { type Api, codes, startApi } from '../../testing/api.ts';
import { actions } from './actions.ts';
import { runBatch } from './batch.ts';

describeOnDatabase('batch', (on) => {
  let api: Api;
  before(async () => {
    api = await startApi(on);
  });
  after(() => api.app.close());

  test('a batch answers each request by itself, in order, with the key of the batch', async () => {
    const answers = await api.batch([
      { api_action: 'test.echo', foo: 'bar' },
      { API_ACTION: 'Test.Echo', number: 1, truth: true, none: null },
      { api_action: 'no.thing' },
      { api_action: 'test.echo', api_key: 'ignored' },
      {},
    ]);
    assert.deepEqual(
      answers.map((answer) => [answer.ACTION, answer.ERRORARRAY[0]?.ERRORCODE ?? 0, answer.DATA]),
      [
        ['test.echo', 0, { FOO: 'bar' }],
        ['Test.Echo', 0, { NUMBER: 1, TRUTH: true, NONE: null }],
        ['no.thing', 3, {}],
        ['test.echo', 0, {}],
        ['', 2, {}],
      ],
    );
    assert.deepEqual(await api.batch([]), []);
    const failing = await api.batch([{ api_action: 'test.echo' }, { api_action: 'api.spec' }], {
      api_key: 'bad',
    });
    assert.deepEqual(codes(failing), [4, 0]);
  });

  test('an invalid batch is one error in a list, and nothing is run', async () => {
    const echo = { api_action: 'test.echo' };
    const person = await api.newPerson();
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const wrong: [number, unknown][] = [
      [10, Array.from({ length: 26 }, () => echo)],
      [11, 'nonsense'],
      [11, '{"api_action":"test.echo"}'],
      [11, '[1]'],
      [11, '[null]'],
      [11, '[[]]'],
      [11, deep],
      [7, [{ ...echo, foo: {} }]],
      [6, ''],
      [1, [echo, person]],
      [1, [{ ...person, api_action: 'User.GetApiKey' }]],
      [1, [echo, { api_action: 'batch', api_requestArray: '[]' }]],
      [1, [{ ...echo, API_ACTION: 'other' }]],
    ];
    for (const [code, requests] of wrong) {
      const answers = await api.batch(requests);
      assert.deepEqual(codes(answers), [code], String(code));
      assert.equal(answers[0]?.ACTION, 'batch');
    }
    assert.equal((await api.batch(Array.from({ length: 25 }, () => echo))).length, 25);
    assert.deepEqual((await api.call({ ...person })).ERRORARRAY, []);
  });

  test('a batch that takes too long stops with error 12', async () => {
    const asked = {
      db: on.db,
      passwords: api.app.passwords,
      encryption: undefined,
      policy: { requireTwoFactor: false },
      actions,
      client: () => ({ ip: null, userAgent: '' }),
      isCrossSite: () => false,
      authenticate: () => Promise.reject(new Error('no key is needed')),
    };
    const requests = JSON.stringify([{ api_action: 'api.spec' }, { api_action: 'api.spec' }]);
    const parameters = new Map([
      ['api_action', 'batch'],
      ['api_requestarray', requests],
    ]);
    const answers = await runBatch(asked, parameters, 0);
    assert.deepEqual(codes(answers), [12]);
    assert.equal((await runBatch(asked, parameters, 60_000)).length, 2);
  });
});
