import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeOnDatabase } from '../../../db/testing/describe.ts';
import { type Api, codes, envelope, startApi } from '../../testing/api.ts';

describeOnDatabase('the names of API v1', (on) => {
  let api: Api;
  before(async () => {
    api = await startApi(on);
  });
  after(() => api.app.close());

  const send = async (fields: Record<string, string>, path = '/api/') => {
    const body = new URLSearchParams({ api_key: api.key, ...fields });
    return api.send(path, { method: 'POST', body });
  };

  test('action and resultFormat are read from the URL and from a form', async () => {
    const list = { ERRORARRAY: [], DATA: [], ACTION: 'domainList' };
    const query = `api_key=${api.key}&resultFormat=JSON&action=domainList`;
    assert.deepEqual(await api.send(`/api/?${query}`), list);
    assert.deepEqual(await api.send(`/?${query}`), list);
    assert.deepEqual(await send({ action: 'domainList', resultFormat: 'json' }), list);
    assert.deepEqual(await send({ resultFormat: 'json' }, '/api/?Action=domainList'), list);
    const human = await fetch(`${api.app.origin}/api/?${query.replace('JSON', 'human')}`);
    assert.match(await human.text(), /^ {2}"ACTION": "domainList"$/m);
  });

  test('a password at / is never part of a redirect', async () => {
    const { api_action: _, ...person } = await api.newPerson();
    for (const action of ['user.getapikey', 'userGetAPIKey', 'nothing', '']) {
      const query = new URLSearchParams({ Action: action, ...person });
      const answer = await fetch(`${api.app.origin}/?${query}`, { redirect: 'manual' });
      assert.equal(answer.status, 200, action);
      assert.equal(answer.headers.get('location'), null);
    }
  });

  test('names of actions may lack their dots', async () => {
    for (const action of ['linodeList', 'LINODELIST', 'linode.list']) {
      const answer = envelope(await send({ action }));
      assert.deepEqual(answer, { ERRORARRAY: [], DATA: [], ACTION: action });
    }
    assert.deepEqual(codes([envelope(await send({ action: 'domainSave' }))]), [3]);
    assert.deepEqual(codes([envelope(await send({ action: '' }))]), [2]);
  });

  test('a batch takes action and requestArray, outside and inside', async () => {
    const requestArray = JSON.stringify([
      { action: 'domainList' },
      { action: 'test.echo', foo: 'bar' },
      { api_action: 'test.echo', action: 'kept' },
    ]);
    for (const fields of [
      { action: 'batch', requestArray },
      { api_action: 'batch', api_requestArray: requestArray },
    ]) {
      assert.deepEqual(await send(fields), [
        { ERRORARRAY: [], DATA: [], ACTION: 'domainList' },
        { ERRORARRAY: [], DATA: { FOO: 'bar' }, ACTION: 'test.echo' },
        { ERRORARRAY: [], DATA: { ACTION: 'kept' }, ACTION: 'test.echo' },
      ]);
    }
    const wrong = await send({ action: 'batch', requestArray: 'x' });
    assert.ok(Array.isArray(wrong));
    assert.deepEqual(codes(wrong.map(envelope)), [11]);
  });

  test('user.getapikey stays out of batches, however it is spelled', async () => {
    const { api_action: _, ...person } = await api.newPerson();
    for (const request of [
      { ...person, action: 'userGetApiKey' },
      { ...person, api_action: 'userGetApiKey' },
      { ...person, action: 'user.getapikey' },
      { action: 'BATCH', requestArray: '[]' },
    ]) {
      assert.deepEqual(codes(await api.batch([request])), [1]);
    }
  });

  test('next to an api_action, action is a parameter like any other', async () => {
    const fields = { api_action: 'test.echo', action: 'a', requestArray: 'b', resultFormat: 'c' };
    assert.deepEqual(await send(fields), {
      ERRORARRAY: [],
      DATA: { ACTION: 'a', REQUESTARRAY: 'b', RESULTFORMAT: 'c' },
      ACTION: 'test.echo',
    });
    const { DATA } = envelope(await send({ action: 'a' }, '/api/?api_action=test.echo'));
    assert.deepEqual(DATA, { ACTION: 'a' });
    const answer = envelope(await send({ api_action: '', action: 'test.echo' }));
    assert.deepEqual(codes([answer]), [2]);
  });
});
