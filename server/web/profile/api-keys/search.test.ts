import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSecret } from '../../../api-keys/secret.ts';
import { describeApp } from '../../../testing/describe-app.ts';
import { addManyKeys } from '../../../testing/keys.ts';
import { PASSWORD } from '../../../testing/users.ts';

const TAB = '/profile/api-keys';

describeApp('the search for keys', (on) => {
  async function someone() {
    const visitor = await on.app.signInNewUser();
    await addManyKeys(on.db, visitor.username, 12);
    const { secret, id } = await visitor.createKey({ label: 'pasted' });
    const search = (q: string, query = '') => visitor.post(`${TAB}/search${query}`, { q });
    return { visitor, secret, id, search };
  }

  test('leads to a URL, which keeps order and filter', async () => {
    const { search } = await someone();
    const { status, location } = await search(
      ' host 00 ',
      '?sort=-label&filter=never-used&after=x.1',
    );
    assert.equal(status, 303);
    assert.equal(location, `${TAB}?q=host+00&filter=never-used&sort=-label`);
  });

  test('a search that is sent after the profile has locked is carried out after Authenticate', async () => {
    const { visitor } = await someone();
    const stale = await on.app.signIn(visitor.username, { authenticate: false });
    const { location } = await stale.post(`${TAB}/search`, { q: 'host 00' });
    const next = new URL(location ?? '', on.app.origin).searchParams.get('next') ?? '';
    const { location: form } = await stale.post('/profile/authenticate', {
      password: PASSWORD,
      next,
    });
    const { location: list } = await stale.get(form ?? '');
    assert.equal(list, `${TAB}?q=host+00`);
    assert.match((await stale.get(list)).body, /name="q" value="host 00"/);
  });

  test('a prefix is searched for like any text', async () => {
    const { search, secret } = await someone();
    assert.equal((await search(secret.slice(0, 16))).location, `${TAB}?q=${secret.slice(0, 16)}`);
  });

  test('a whole key is answered in place: with its row, and without the key', async () => {
    const { search, secret } = await someone();
    for (const text of [secret, ` ${secret}\n`, `curl -H 'X-API-Key: ${secret}'`]) {
      const { status, body } = await search(text);
      assert.equal(status, 200);
      assert.match(body, /<title>This is your key · API Keys · [\s\S]*This is your key:/);
      assert.equal(body.match(/data-remove/g)?.length, 1);
      assert.ok(body.includes('>pasted<') && !body.includes(secret.slice(0, 20)));
    }
  });

  test("another user's key, a removed one, a typo and half a key: the answer says which", async () => {
    const { search, secret, id, visitor } = await someone();
    const other = await someone();
    assert.match((await search(other.secret)).body, /This key is none of yours\./);
    assert.match((await search(makeSecret())).body, /This key is none of yours\./);
    const typo = secret.slice(0, -1) + (secret.endsWith('a') ? 'b' : 'a');
    const { body } = await search(typo);
    assert.match(
      body,
      /This key has a typo: its checksum is wrong\. This key of yours begins like it:/,
    );
    assert.match(body, />pasted</);
    assert.match(
      (await search(secret.slice(0, 40))).body,
      /This is not a whole key: it has 40 characters instead of 64\./,
    );
    const foreign = await search(`${other.secret.slice(0, -1)}-`);
    assert.match(foreign.body, /This is not a whole key: it has 63/);
    assert.ok(!foreign.body.includes('begins like it'));
    await visitor.post(`${TAB}/${id}/remove`);
    await visitor.get(TAB);
    assert.match((await search(secret)).body, /Your key lmk\w{13}… was removed\./);
  });

  test('a key never gets into a URL, however it is sent', async () => {
    const { visitor, secret } = await someone();
    const cut = secret.slice(0, 16);
    const query = `q=${secret}`;
    assert.equal(
      (await visitor.get(`${TAB}?${query}&sort=label`)).location,
      `${TAB}?q=${cut}&sort=label`,
    );
    // Signed out, and with a session that has to authenticate again.
    const stranger = on.app.newVisitor();
    const stale = await on.app.signIn(visitor.username, { authenticate: false });
    for (const someone of [stranger, stale]) {
      for (const path of [
        `${TAB}?${query}`,
        `${TAB}?label=${secret}`,
        `${TAB}?q=%6c${secret.slice(1)}`,
      ]) {
        const { location } = await someone.get(path);
        assert.ok(
          location?.includes(cut) && !location.includes(secret.slice(0, 20)),
          location ?? '',
        );
      }
      for (const form of [{ q: secret }, { q: `x ${secret}` }]) {
        const posted = await someone.post(`${TAB}/search`, form);
        assert.equal(posted.status, 303);
        assert.ok(!posted.location?.includes(secret.slice(0, 17)), posted.location ?? '');
      }
    }
    assert.ok(on.app.logLines.every((line) => !line.includes(secret.slice(0, 20))));
  });
});
