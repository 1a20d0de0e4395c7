import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnDatabase } from '../../db/testing/describe.ts';
import { type Api, codes, envelope, keyIn, startApi } from '../testing/api.ts';
import { startApp } from '../testing/app.ts';
import { isCrossSite } from './cross-site.ts';

const EVIL = 'https://evil.example';

test('a request is cross-site where any header that a browser sends says so', () => {
  const host = 'keys.example:3000';
  const own = [
    {},
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'same-origin' },
    { origin: 'http://keys.example:3000' },
    { referer: 'https://keys.example:3000/profile?x' },
  ];
  for (const headers of own) assert.equal(isCrossSite({ host, ...headers }, undefined), false);
  const foreign = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': '' },
    { 'sec-fetch-site': 'none, cross-site' },
    { origin: EVIL },
    { origin: 'null' },
    { origin: 'http://keys.example' },
    { referer: `${EVIL}/http://keys.example:3000/` },
    { referer: 'http://keys.example:3000@evil.example/' },
    { referer: 'keys.example:3000' },
    { 'sec-fetch-site': 'same-origin', origin: EVIL },
    { origin: 'http://keys.example:3000', referer: EVIL },
  ];
  for (const headers of foreign) {
    assert.equal(isCrossSite({ host, ...headers }, undefined), true, JSON.stringify(headers));
  }
});

test('with a public URL, only its origin is not foreign', () => {
  const publicUrl = 'https://keys.example';
  const host = 'app:3000';
  assert.equal(isCrossSite({ host, origin: publicUrl }, publicUrl), false);
  assert.equal(isCrossSite({ host, referer: `${publicUrl}/profile` }, publicUrl), false);
  assert.equal(isCrossSite({ host, origin: 'http://keys.example' }, publicUrl), true);
  assert.equal(isCrossSite({ host, origin: 'http://app:3000' }, publicUrl), true);
});

describeOnDatabase('a page of another site', (on) => {
  let api: Api;
  before(async () => {
    api = await startApi(on);
  });
  after(() => api.app.close());

  const sent: [string, Record<string, string>][] = [
    ['an image', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a form', { origin: EVIL, referer: `${EVIL}/` }],
    ['a link', { referer: `${EVIL}/` }],
    ['a page of the same site', { 'sec-fetch-site': 'same-site' }],
  ];
  for (const [what, headers] of sent) {
    test(`creates no key by ${what}, and its guesses do not count`, async () => {
      const person = await api.newPerson();
      const trace = () =>
        sql`select (select count(*) from api_keys), (select count(*) from events),
          (select json_agg(t) from throttle t)`.execute(on.db);
      const { rows: before } = await trace();
      for (const password of [person.password, 'wrong']) {
        const fields = new URLSearchParams({ ...person, password });
        for (const answer of [
          await api.send(`/api/?${fields}`, { headers }),
          await api.send(`/?${fields}`, { headers }),
          await api.send('/api/', { method: 'POST', body: fields, headers }),
        ]) {
          assert.deepEqual(codes([envelope(answer)]), [13]);
        }
      }
      assert.deepEqual((await trace()).rows, before);
      // Reading needs a key only.
      const echo = await api.send(`/?api_action=test.echo&api_key=${api.key}`, { headers });
      assert.deepEqual(codes([envelope(echo)]), [0]);
    });

    test(`removes no key by ${what}`, async () => {
      const own = { 'x-api-key': api.key };
      const answer = await fetch(`${api.app.origin}/api/key`, {
        method: 'DELETE',
        headers: { ...headers, ...own },
      });
      assert.equal(answer.status, 403);
      const whoami = await fetch(`${api.app.origin}/api/whoami`, { headers: own });
      assert.equal(whoami.status, 200);
    });
  }

  test('a person at the address bar, and the pages of the app, may create keys', async () => {
    const { origin } = api.app;
    for (const headers of [
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin', origin, referer: `${origin}/` },
    ]) {
      const fields = new URLSearchParams(await api.newPerson());
      keyIn(envelope(await api.send(`/api/?${fields}`, { headers })));
    }
  });

  test('behind a proxy, the origin of the app is the public URL', async (t) => {
    const publicUrl = 'https://keys.example';
    const app = await startApp(on.db, { publicUrl, secure: true }, on.location);
    t.after(() => app.close());
    const fields = new URLSearchParams(await api.newPerson());
    const send = async (origin: string) => {
      const answer = await fetch(`${app.origin}/api/?${fields}`, { headers: { origin } });
      return codes([envelope(await answer.json())]);
    };
    assert.deepEqual(await send(app.origin), [13]);
    assert.deepEqual(await send(publicUrl), [0]);
  });
});
