import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnDatabase } from '../../db/testing/describe.ts';
import { makeSecret } from '../api-keys/secret.ts';
import { type Api, codes, envelope, startApi } from '../testing/api.ts';
import { actions } from './v3/actions.ts';

describeOnDatabase('the Linode API v3', (on) => {
  let api: Api;
  before(async () => {
    api = await startApi(on);
  });
  after(() => api.app.close());

  test('response bytes match Linode v3', async () => {
    const good = await fetch(
      `${api.app.origin}/api/?api_key=${api.key}&api_action=test.echo&foo=bar`,
    );
    assert.equal(await good.text(), '{"ERRORARRAY":[],"DATA":{"FOO":"bar"},"ACTION":"test.echo"}');
    const bad = await fetch(`${api.app.origin}/api/?api_action=test.echo&api_key=x`);
    assert.equal(
      await bad.text(),
      '{"ERRORARRAY":[{"ERRORCODE":4,"ERRORMESSAGE":"Authentication failed"}],"DATA":{},"ACTION":"test.echo"}',
    );
    const human = await fetch(
      `${api.app.origin}/api/?api_key=${api.key}&api_action=test.echo&api_responseFormat=human`,
    );
    assert.equal(
      await human.text(),
      '{\n  "ERRORARRAY": [],\n  "DATA": {},\n  "ACTION": "test.echo"\n}',
    );
  });

  test('the API answers at /api, /api/ and /, by GET and POST, with parameters in URL, form, or both', async () => {
    for (const path of ['/api', '/api/', '/']) {
      const query = `${path}?api_action=test.echo&a=1&api_key=${api.key}`;
      assert.deepEqual(envelope(await api.send(query)).DATA, { A: '1' }, path);
      assert.deepEqual((await api.call({ api_action: 'test.echo', a: '1' }, path)).DATA, {
        A: '1',
      });
      assert.deepEqual((await api.call({ b: '2' }, query)).DATA, { A: '1', B: '2' });
    }
    // A person without a session who opens the site still gets the page.
    assert.equal((await api.app.newVisitor().get('/')).status, 303);
  });

  test('a key at / without an action is error 2, and never part of a redirect', async () => {
    for (const query of [`api_key=${api.key}`, `API_Key=${api.key}`, 'api_responseFormat=json']) {
      const answer = await fetch(`${api.app.origin}/?${query}`, { redirect: 'manual' });
      assert.equal(answer.status, 200, query);
      assert.equal(answer.headers.get('location'), null);
      assert.deepEqual(codes([envelope(await answer.json())]), [2]);
    }
  });

  test('names of parameters and actions are case-insensitive, and the action is echoed as sent', async () => {
    const answer = await api.send(`/?API_KEY=${api.key}&Api_Action=TEST.Echo&fOo=Bar`);
    assert.deepEqual(answer, { ERRORARRAY: [], DATA: { FOO: 'Bar' }, ACTION: 'TEST.Echo' });
  });

  test('a key is accepted as parameter, Basic and Bearer, and two different keys are refused', async () => {
    const path = '/api/?api_action=account.info';
    const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });
    for (const headers of [
      basic(`x:${api.key}`),
      basic(`${api.key}:`),
      { authorization: `Bearer ${api.key}` },
    ]) {
      assert.deepEqual(envelope(await api.send(path, { headers })).ERRORARRAY, []);
    }
    for (const headers of [
      basic('x:y'),
      basic(`${api.key}:wrong`),
      { authorization: `Bearer ${makeSecret()}` },
      {},
    ]) {
      assert.deepEqual(codes([envelope(await api.send(path, { headers }))]), [4]);
    }
    const other = { authorization: `Bearer ${makeSecret()}` };
    assert.equal(
      envelope(await api.send(`${path}&api_key=${api.key}`, { headers: other })).ERRORARRAY[0]
        ?.ERRORCODE,
      4,
    );
  });

  test('white space around a key is ignored, wherever it stands', async () => {
    const path = '/api/?api_action=account.info';
    const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });
    for (const key of [`${api.key}\n`, `${api.key}\r\n`, ` ${api.key} `, `\t${api.key}\n\n`]) {
      const sent: [string, unknown][] = [
        ['in a form', await api.call({ api_action: 'account.info', api_key: key })],
        ['in the URL', await api.send(`${path}&api_key=${encodeURIComponent(key)}`)],
        ['as the password', await api.send(path, { headers: basic(`x:${key}`) })],
        ['as the user name', await api.send(path, { headers: basic(`${key}:`) })],
        ['without a colon', await api.send(path, { headers: basic(key) })],
        ['twice', await api.send(`${path}&api_key=${api.key}`, { headers: basic(`x:${key}`) })],
      ];
      for (const [where, answer] of sent) {
        assert.deepEqual(codes([envelope(answer)]), [0], `${JSON.stringify(key)} ${where}`);
      }
      const batch = await api.batch([{ api_action: 'account.info' }], { api_key: key });
      assert.deepEqual(codes(batch), [0]);
    }
    for (const api_key of [' \n', `${api.key.slice(0, 32)}\n${api.key.slice(32)}`]) {
      await api.refuses(4, { api_action: 'test.echo', api_key });
    }
    await api.refuses(4, { api_action: 'test.echo', api_key: `${api.key}${' '.repeat(50_000)}` });
  });

  test('test.echo returns all parameters but api_*, names in capitals, values unchanged', async () => {
    const query = new URLSearchParams({
      foo: ' ä\u0000☃ ',
      Constructor: '',
      api_foo: 'not echoed',
    });
    query.append('__proto__', 'y');
    assert.deepEqual(
      (await api.call({ api_action: 'test.echo' }, `/api/?${query}`)).DATA,
      JSON.parse('{"FOO":" ä\\u0000☃ ","CONSTRUCTOR":"","__PROTO__":"y"}'),
    );
    const long = 'x'.repeat(100_000);
    assert.deepEqual((await api.call({ api_action: 'test.echo', long })).DATA, { LONG: long });
  });

  test('each refusal has its error code', async () => {
    await api.refuses(2, {});
    await api.refuses(2, { api_action: '' });
    for (const api_action of [
      'foo.bar',
      'linode.nothing',
      'toString',
      'test.echo ',
      'linode',
      'constructor',
    ]) {
      await api.refuses(3, { api_action });
    }
    await api.refuses(4, { api_action: 'test.echo', api_key: '' });
    await api.refuses(4, { api_action: 'test.echo', api_key: makeSecret() });
    assert.match(
      await api.refuses(6, { api_action: 'user.getapikey', username: 'ada' }),
      /password$/,
    );
    await api.refuses(7, { api_action: 'avail.linodeplans', PlanID: 'one' });
    await api.refuses(7, { api_action: 'test.echo', api_responseFormat: 'wddx' });
    const twice = await fetch(
      `${api.app.origin}/api/?api_key=${api.key}&api_action=test.echo&a=1&A=2`,
    );
    assert.deepEqual(codes([envelope(await twice.json())]), [1]);
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const path = `/api/?api_action=test.echo&api_key=${api.key}`;
      assert.deepEqual(codes([envelope(await api.send(path, { method }))]), [9], method);
    }
    const json = { 'content-type': 'application/json' };
    const wrongType = await api.send('/api/', {
      method: 'POST',
      headers: json,
      body: '{"api_action":"test.echo"}',
    });
    assert.deepEqual(codes([envelope(wrongType)]), [1]);
    const huge = new URLSearchParams({ api_action: 'test.echo', foo: 'x'.repeat(1_100_000) });
    const tooLong = await api.send('/api/', { method: 'POST', body: huge });
    assert.deepEqual(codes([envelope(tooLong)]), [1]);
  });

  test("error 4 has the original's text, whatever the reason", async () => {
    const owner = await api.app.signIn('ada');
    const spoil = async (change: string) => {
      const { secret } = await owner.createKey();
      await sql`update api_keys set ${sql.raw(change)} where prefix = ${secret.slice(0, 16)}`.execute(
        on.db,
      );
      return secret;
    };
    const keys = [
      '',
      'x',
      makeSecret(),
      await spoil('removed_at = now()'),
      await spoil(`expires_at = '2026-01-02T03:04:05Z'`),
      await spoil(`paused_until = 'infinity'`),
    ];
    for (const api_key of keys) {
      const message = await api.refuses(4, { api_action: 'test.echo', api_key });
      assert.equal(message, 'Authentication failed');
    }
    const person = { ...(await api.newPerson()), password: 'wrong' };
    assert.equal(await api.refuses(4, person), 'Authentication failed');
    const answer = await fetch(`${api.app.origin}/api/whoami`, {
      headers: { 'x-api-key': keys[3] ?? '' },
    });
    assert.deepEqual(await answer.json(), { error: 'removed', message: 'The key was removed.' });
  });

  test("permissions are the user's current ones", async () => {
    const needed = {
      'account.info': 'account',
      'account.estimateinvoice': 'account',
      'linode.list': 'linodes',
      'domain.list': 'domains',
      'nodebalancer.list': 'nodebalancers',
      'stackscript.list': 'stackscripts',
    };
    for (const [api_action, permission] of Object.entries(needed)) {
      await sql`update users set permissions = ${[permission]} where username = 'ada'`.execute(
        on.db,
      );
      const fields = { api_action, mode: 'nodebalancer_new' };
      assert.deepEqual((await api.call(fields)).ERRORARRAY, [], api_action);
      await sql`update users set permissions = '{other}' where username = 'ada'`.execute(on.db);
      await api.refuses(13, { api_action });
    }
    const free = [
      'test.echo',
      'avail.datacenters',
      'avail.linodeplans',
      'avail.distributions',
      'avail.kernels',
      'avail.nodebalancers',
      'avail.stackscripts',
    ];
    for (const api_action of free)
      assert.deepEqual((await api.call({ api_action })).ERRORARRAY, []);
    await sql`update users set permissions = '{*}' where username = 'ada'`.execute(on.db);
  });

  test('account.info gives the creation date of the user and a balance of zero', async () => {
    await sql`update users set created_at = '2015-06-25 23:52:06.789+00' where username = 'ada'`.execute(
      on.db,
    );
    assert.deepEqual((await api.call({ api_action: 'account.info' })).DATA, {
      ACTIVE_SINCE: '2015-06-25 23:52:06.0',
      TRANSFER_POOL: 0,
      TRANSFER_USED: 0,
      TRANSFER_BILLABLE: 0,
      BALANCE: 0,
      BILLING_METHOD: 'metered',
      MANAGED: false,
    });
  });

  test('lists are empty, the catalogue is not', async () => {
    for (const name of ['linode', 'domain', 'nodebalancer', 'stackscript']) {
      assert.deepEqual((await api.call({ api_action: `${name}.list` })).DATA, []);
    }
    const search = { DistributionID: '1', DistributionVendor: 'bar', keywords: 'baz' };
    const scripts = await api.call({ api_action: 'avail.stackscripts', ...search });
    assert.deepEqual(scripts.DATA, []);
    const columns = {
      'avail.datacenters': ['ABBR', 'DATACENTERID', 'LOCATION'],
      'avail.linodeplans': [
        'AVAIL',
        'CORES',
        'DISK',
        'HOURLY',
        'LABEL',
        'PLANID',
        'PRICE',
        'RAM',
        'XFER',
      ],
      'avail.distributions': [
        'CREATE_DT',
        'DISTRIBUTIONID',
        'IS64BIT',
        'LABEL',
        'MINIMAGESIZE',
        'REQUIRESPVOPSKERNEL',
      ],
      'avail.kernels': ['ISKVM', 'ISPVOPS', 'ISXEN', 'KERNELID', 'LABEL'],
    };
    for (const [api_action, names] of Object.entries(columns)) {
      const { DATA } = await api.call({ api_action });
      assert.ok(Array.isArray(DATA) && DATA.length > 5, api_action);
      for (const row of DATA) assert.deepEqual(Object.keys(row).sort(), names);
    }
    assert.deepEqual((await api.call({ api_action: 'avail.nodebalancers' })).DATA, [
      { MONTHLY: 20, HOURLY: 0.03, CONNECTIONS: 10_000 },
    ]);
    const { DATA: plans } = await api.call({ api_action: 'avail.linodeplans', planid: '2' });
    assert.ok(Array.isArray(plans) && plans.length === 1 && plans[0].LABEL === 'Linode 2048');
    assert.deepEqual((await api.call({ api_action: 'avail.kernels', KernelID: '9999' })).DATA, []);
  });

  test('avail.kernels shows or hides kernels for Xen and KVM', async () => {
    const listed = async (fields: Record<string, string>) => {
      const { DATA } = await api.call({ api_action: 'avail.kernels', ...fields });
      assert.ok(Array.isArray(DATA));
      return DATA.length;
    };
    const all = await listed({});
    for (const yes of ['true', 'TRUE', '1', 'yes']) {
      assert.equal(await listed({ isXen: yes }), all);
      assert.equal(await listed({ isKVM: yes }), 0);
      assert.equal(await listed({ isXen: yes, KernelID: '138' }), 1);
    }
    for (const no of ['false', '0', 'No']) {
      assert.equal(await listed({ ISXEN: no }), 0);
      assert.equal(await listed({ isxen: 'true', isKVM: no }), all);
    }
    assert.equal(await listed({ isXen: '', isKVM: '' }), all);
    await api.refuses(7, { api_action: 'avail.kernels', isXen: 'maybe' });
    const [answer] = await api.batch([{ api_action: 'avail.kernels', isXen: false }]);
    assert.deepEqual(answer?.DATA, []);
  });

  test('api.spec lists the actions that exist, with any key or none', async () => {
    const { DATA } = await api.call({ api_action: 'api.spec', api_key: 'bad' });
    const answer = await fetch(`${api.app.origin}/?api_action=api.spec`);
    const { DATA: spec } = await answer.json();
    assert.deepEqual(DATA, spec);
    assert.equal(spec.VERSION, 3.3);
    assert.deepEqual(
      Object.keys(spec.METHODS),
      actions.map((action) => action.name),
    );
    assert.deepEqual(spec.METHODS['linode.list'].PARAMETERS, {
      LinodeID: {
        NAME: 'LinodeID',
        DESCRIPTION: 'Only the one with this ID',
        TYPE: 'numeric',
        REQUIRED: false,
      },
    });
    const throws = Object.entries<{ THROWS: string }>(spec.METHODS).filter(([, m]) => m.THROWS);
    assert.deepEqual(
      throws.map(([name, { THROWS }]) => [name, THROWS]),
      [
        ['user.getapikey', 'AUTHFAIL,NEEDTOKEN,PASSWORDEXPIRED,KEYLIMIT'],
        ['account.estimateinvoice', 'VALIDATION'],
      ],
    );
    assert.equal(spec.METHODS['user.getapikey'].PARAMETERS.username.REQUIRED, true);
    for (const method of Object.values<object>(spec.METHODS)) {
      assert.deepEqual(Object.keys(method), ['DESCRIPTION', 'PARAMETERS', 'THROWS']);
    }
  });

  test('HEAD is answered without a body, and does nothing', async () => {
    const person = await api.newPerson();
    const query = new URLSearchParams(person);
    const answer = await fetch(`${api.app.origin}/api/?${query}`, { method: 'HEAD' });
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), '');
    const { rows } = await sql`select from api_keys join users on users.id = user_id
      where username = ${person.username}`.execute(on.db);
    assert.deepEqual(rows, []);
  });
});
