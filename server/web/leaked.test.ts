import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { setDisabled } from '../../db/users.ts';
import { makeSecret } from '../api-keys/secret.ts';
import { LEAK_REPORTS } from '../auth/rate-limit.ts';
import { startApp } from '../testing/app.ts';
import { describeApp } from '../testing/describe-app.ts';

const TAB = '/profile/api-keys';
const DONE = /If this was a key of this service, it no longer works\./;

describeApp('/leaked', (on) => {
  /** Sent by a browser without cookies, or by a program. */
  function report(key: string, headers: Record<string, string> = {}, origin = on.app.origin) {
    const body = new URLSearchParams({ key });
    return fetch(`${origin}/leaked`, { method: 'POST', body, headers, redirect: 'manual' });
  }

  async function reason(secret: string) {
    const headers = { 'x-api-key': secret };
    const answer = await fetch(`${on.app.origin}/auth/verify`, { headers });
    return answer.headers.get('x-auth-reason');
  }

  const rowOf = (id: string) =>
    on.db.selectFrom('api_keys').selectAll().where('id', '=', Number(id)).executeTakeFirstOrThrow();
  const eventsOf = async (id: string) =>
    (
      await on.db.selectFrom('events').selectAll().where('key_id', '=', Number(id)).execute()
    ).filter(({ kind }) => kind !== 'key made');
  const change = (id: string, to: string) =>
    sql`update api_keys set ${sql.raw(to)} where id = ${Number(id)}`.execute(on.db);

  test('a key that is pasted, also within other text, no longer works', async () => {
    const visitor = await on.app.signInNewUser();
    for (const around of [
      (key: string) => key,
      (key: string) => ` curl -H 'X-API-Key: ${key}'\n`,
    ]) {
      const { secret } = await visitor.createKey();
      const answer = await report(around(secret));
      assert.equal(answer.status, 200);
      const body = await answer.text();
      assert.match(body, DONE);
      assert.ok(!body.includes(secret));
      assert.equal(await reason(secret), 'removed');
    }
  });

  test('the owner of a reported key has a warning and a row that say so, and cannot undo the removal', async () => {
    const visitor = await on.app.signInNewUser();
    const { secret, id } = await visitor.createKey({ label: 'found <b>' });
    assert.doesNotMatch((await visitor.get(TAB)).body, /[Rr]eported as leaked/);
    await report(secret);
    const { body } = await visitor.get(TAB);
    assert.match(
      body,
      /Reported as leaked less than a minute ago, and so removed: <bdi>found &lt;b&gt;<\/bdi> lmk\w{13}…/,
    );
    assert.match(body, /Removed less than a minute ago\. Reported as leaked\./);
    assert.equal((await visitor.post(`${TAB}/undo`, { [`key-${id}`]: 'on' })).status, 422);
    const other = await on.app.signInNewUser();
    assert.doesNotMatch((await other.get(TAB)).body, /eported as leaked/);
    await change(
      id,
      `removed_at = now() - interval '30 days', leaked_at = now() - interval '30 days'`,
    );
    assert.doesNotMatch((await visitor.get(TAB)).body, /, and so removed/);
  });

  test('the owner is also warned of a key that was removed long before, but not of their own report', async () => {
    const visitor = await on.app.signInNewUser();
    const own = await visitor.createKey();
    await visitor.post(`${TAB}/${own.id}/remove`, { leaked: 'on' });
    assert.doesNotMatch((await visitor.get(TAB)).body, /Reported as leaked [^.]*, /);
    const { secret, id } = await visitor.createKey({ label: 'retired' });
    await visitor.post(`${TAB}/${id}/remove`);
    await change(id, `removed_at = now() - interval '80 days'`);
    await report(secret);
    assert.match(
      (await visitor.get(TAB)).body,
      /Reported as leaked less than a minute ago, after it was removed: <bdi>retired<\/bdi> lmk/,
    );
  });

  test('the owner can dismiss the warning, which is an event; other users cannot', async () => {
    const visitor = await on.app.signInNewUser();
    const { secret, id } = await visitor.createKey();
    await report(secret);
    const fields = { [`key-${id}`]: 'on' };
    const other = await on.app.signInNewUser();
    await other.get(TAB);
    await other.post(`${TAB}/dismiss-reports`, fields);
    assert.match((await visitor.get(TAB)).body, /, and so removed: /);
    for (let n = 0; n < 2; n++) {
      const answer = await visitor.post(`${TAB}/dismiss-reports?sort=label`, fields);
      assert.equal(answer.status, 303);
      assert.equal(answer.location, `${TAB}?sort=label`);
    }
    assert.doesNotMatch((await visitor.get(TAB)).body, /, and so removed: /);
    const kinds = (await eventsOf(id)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['key removed', 'leak dismissed']);
  });

  test('keys that are paused, have expired or were removed, and those of a disabled owner, become leaked too', async () => {
    const visitor = await on.app.signInNewUser();
    const ids = [];
    for (const to of [`paused_until = 'infinity'`, 'expires_at = now()', 'removed_at = now()']) {
      const { secret, id } = await visitor.createKey();
      await change(id, to);
      ids.push({ secret, id });
    }
    await setDisabled(on.db, visitor.username, true);
    for (const { secret, id } of ids) {
      assert.match(await (await report(secret)).text(), DONE);
      const row = await rowOf(id);
      assert.ok(row.leaked_at && row.removed_at);
    }
  });

  test('a report is one event without an address, and counts neither as a use nor as a late use', async () => {
    const visitor = await on.app.signInNewUser();
    const { secret, id } = await visitor.createKey();
    await report(secret);
    await report(secret);
    const events = await eventsOf(id);
    assert.deepEqual(
      events.map(({ kind, ip, user_agent }) => [kind, ip, user_agent]),
      [['key removed', null, 'report of a leaked key']],
    );
    const row = await rowOf(id);
    assert.equal(row.last_used_at, null);
    assert.equal(row.late_use_count, 0);
  });

  test('an unknown key gets the same answer as a known one', async () => {
    const visitor = await on.app.signInNewUser();
    const { secret } = await visitor.createKey();
    const known = await report(secret);
    const unknown = await report(makeSecret());
    assert.equal(known.status, unknown.status);
    assert.equal(await known.text(), await unknown.text());
  });

  test('a typo, half a key, no key, and two keys are 422, with what is wrong', async () => {
    const visitor = await on.app.signInNewUser();
    const { secret } = await visitor.createKey();
    const typo = secret.slice(0, -1) + (secret.endsWith('a') ? 'b' : 'a');
    const faults: [string, RegExp][] = [
      [typo, /This key has a typo: its checksum is wrong\./],
      [secret.slice(0, 40), /This is not a whole key: it has 40 characters instead of 64\./],
      ['lmk', /This is not an API key: keys begin with lmk and have 64 letters and digits\./],
      ['', /This is not an API key/],
      ['"><b>', /This is not an API key/],
      [`${secret} ${makeSecret()}`, /Paste one key at a time\./],
    ];
    for (const [text, problem] of faults) {
      const answer = await report(text);
      assert.equal(answer.status, 422, text);
      const body = await answer.text();
      assert.match(body, problem);
      assert.ok(!body.includes(secret));
      assert.ok(!body.includes('"><b>'));
    }
    assert.match(await (await report(typo)).text(), new RegExp(`name="key" value="${typo}"`));
    assert.equal(await reason(secret), '');
  });

  test('reads and sets no cookie, for anyone', async () => {
    const visitor = await on.app.signInNewUser();
    const { installationId } = on.app.parts;
    const cookie = `${visitor.cookieHeader()}; notice-${installationId}=password-changed`;
    const key = makeSecret();
    const requests = [
      fetch(`${on.app.origin}/leaked`, { headers: { cookie } }),
      report(key, { cookie }),
      report('typo', { cookie }),
      report(key, { cookie, origin: 'https://evil.example' }),
    ];
    for (const answer of await Promise.all(requests)) {
      assert.equal(answer.headers.get('set-cookie'), null);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      const body = await answer.text();
      assert.ok(!body.includes(visitor.username) && !body.includes('password has been changed'));
    }
  });

  test('a post from a page of another site is refused', async () => {
    const visitor = await on.app.signInNewUser();
    const { secret } = await visitor.createKey();
    const foreign = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) assert.equal((await report(secret, headers)).status, 403);
    assert.notEqual(await reason(secret), 'removed');
    assert.equal((await report(secret, { 'sec-fetch-site': 'same-origin' })).status, 200);
  });

  test('a body of more than 2 kB is 413, and a field that the form does not have is 400', async () => {
    const key = makeSecret();
    assert.equal((await report(key + ' '.repeat(1_900))).status, 200);
    assert.equal((await report(key + ' '.repeat(2_000))).status, 413);
    const body = new URLSearchParams({ key, next: '/' });
    const answer = await fetch(`${on.app.origin}/leaked`, { method: 'POST', body });
    assert.equal(answer.status, 400);
  });

  test('a key is in no line of the log', async () => {
    const key = makeSecret();
    await report(key);
    await report(`${key}x`);
    await fetch(`${on.app.origin}/leaked?key=${key}`);
    await on.app.settled();
    assert.ok(on.app.logLines.some((line) => line.includes('"path":"/leaked"')));
    assert.ok(on.app.logLines.every((line) => !line.includes(key.slice(0, 16))));
  });

  test('reports of unknown keys are limited by network; those of keys of the service are not', async (t) => {
    const visitor = await on.app.signInNewUser();
    const app = await startApp(on.db, { trustProxy: 1 });
    t.after(() => app.close());
    const from = (ip: string, key = makeSecret()) =>
      report(key, { 'x-forwarded-for': ip }, app.origin);
    /** Reports unknown keys until one is refused: each wait is longer than the one before. */
    const exhaust = async (ip: string) => {
      for (let accepted = 0; ; accepted++) {
        const answer = await from(ip);
        if (answer.status !== 200) return { answer, accepted };
      }
    };
    const free = LEAK_REPORTS[0]?.freeAttempts ?? 0;
    for (let n = 0; n < free; n++) assert.equal((await from('198.51.100.7')).status, 200);
    // Neither typos nor keys of the service count.
    for (let n = 0; n < 3; n++) {
      assert.equal((await from('198.51.100.7', 'lmk')).status, 422);
      const { secret } = await visitor.createKey();
      assert.equal((await from('198.51.100.7', secret)).status, 200);
    }
    const { answer: refused } = await exhaust('198.51.100.7');
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    assert.match(await refused.text(), /Too many failed attempts\. Try again in/);
    assert.equal((await from('198.51.100.8')).status, 200);
    assert.ok((await exhaust('2001:db8::1')).accepted >= free);
    assert.ok((await exhaust('2001:db8::2')).accepted < free);
    assert.equal((await from('2001:db8:0:1::2')).status, 200);
  });
});
