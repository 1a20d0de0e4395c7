import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnDatabase } from '../../../../db/testing/describe.ts';
import { setDisabled } from '../../../../db/users.ts';
import { isWellFormed } from '../../../api-keys/secret.ts';
import { type Api, codes, keyIn, startApi } from '../../../testing/api.ts';
import { newPhone } from '../../../testing/two-factor.ts';
import { makePasswordTemporary } from '../../../testing/users.ts';

describeOnDatabase('user.getapikey', (on) => {
  let api: Api;
  before(async () => {
    api = await startApi(on);
  });
  after(() => api.app.close());

  test('a key can be created without a key, and is valid for a week', async () => {
    const person = await api.newPerson();
    const created = keyIn(
      await api.call({
        ...person,
        api_key: 'bad',
        label: 'laptop',
        username: ` ${person.username.toUpperCase()} `,
      }),
    );
    const { USERNAME, API_KEY } = created;
    assert.equal(USERNAME, person.username);
    assert.ok(isWellFormed(API_KEY));
    assert.deepEqual(
      (await api.call({ api_action: 'test.echo', api_key: API_KEY })).ERRORARRAY,
      [],
    );
    const { rows } = await sql`
      select label, created_via, created_ip, expires_at - created_at = interval '168 hours' as is_a_week,
        (select count(*)::int from events where key_id = api_keys.id and kind = 'key made') as events
      from api_keys where prefix = ${API_KEY.slice(0, 16)}`.execute(on.db);
    assert.deepEqual(rows, [
      { label: 'laptop', created_via: 'API', created_ip: '127.0.0.1', is_a_week: true, events: 1 },
    ]);
    const again = keyIn(await api.call(person));
    assert.notEqual(again.API_KEY, API_KEY);
  });

  test('expires is a whole number from 0 (never) to 8760; labels follow the rules of the page', async () => {
    const person = await api.newPerson();
    const hours = async (expires: string) => {
      const { API_KEY } = keyIn(await api.call({ ...person, expires }));
      const prefix = API_KEY.slice(0, 16);
      const { rows } = await sql<{ hours: number | null }>`
        select extract(epoch from expires_at - created_at)::int / 3600 as hours
        from api_keys where prefix = ${prefix}`.execute(on.db);
      return rows[0]?.hours;
    };
    assert.equal(await hours('0'), null);
    assert.equal(await hours('1'), 1);
    assert.equal(await hours('8760'), 8760);
    for (const expires of ['8761', '-1', '99999999999999'])
      await api.refuses(8, { ...person, expires });
    for (const expires of ['1.5', 'x', '1e3', '0x10', '9'.repeat(400)])
      await api.refuses(7, { ...person, expires });
    assert.match(
      (await api.refuses(8, { ...person, label: 'x'.repeat(129) })) ?? '',
      /at most 128/,
    );
    await api.refuses(8, { ...person, label: 'a\u0000b' });
  });

  test('a wrong password, an unknown user and a disabled one look the same, and are events', async () => {
    const person = await api.newPerson();
    await api.refuses(4, { ...person, password: 'wrong' });
    await api.refuses(4, { ...person, username: 'nobody' });
    await api.refuses(4, { ...person, username: 'nob\u0000dy' });
    await setDisabled(on.db, person.username, true);
    await api.refuses(4, person);
    const { rows } = await sql`select kind from events join users on users.id = user_id
      where username = ${person.username}`.execute(on.db);
    assert.deepEqual(rows, [{ kind: 'failed log in' }, { kind: 'failed log in' }]);
  });

  test('a user disabled during the password check gets no key', async () => {
    const person = await api.newPerson();
    const { reached, release } = api.app.holdNextPasswordCheck();
    const refused = api.refuses(4, person);
    await reached;
    await setDisabled(on.db, person.username, true);
    release();
    await refused;
  });

  test('the rate limit is shared with log in', async () => {
    const person = await api.newPerson();
    for (let time = 0; time < 6; time++) await api.refuses(4, { ...person, password: 'wrong' });
    await sql`update throttle set open_at = open_at + interval '1 hour' where open_at > updated_at`.execute(
      on.db,
    );
    assert.match(
      (await api.refuses(14, person)) ?? '',
      /^API rate limit exceeded: Too many failed attempts/,
    );
    const visitor = api.app.newVisitor();
    assert.equal((await visitor.logIn(person.username)).status, 429);
    await sql`delete from throttle`.execute(on.db);
  });

  test('the log tells right, wrong and rate-limited calls apart, although each is HTTP 200', async () => {
    const person = await api.newPerson();
    const outcome = async (sent: Record<string, string>) => {
      await api.call(sent);
      await api.app.settled();
      return /"outcome":"([^"]+)"/.exec(api.app.logLines.at(-1) ?? '')?.[1];
    };
    assert.equal(await outcome(person), 'ok');
    // The address is known now: ten failures need no wait, and the next one causes the first.
    for (let time = 0; time < 11; time++) {
      assert.equal(await outcome({ ...person, password: 'wrong' }), 'Authentication failed');
    }
    await sql`update throttle set open_at = open_at + interval '1 hour' where open_at > updated_at`.execute(
      on.db,
    );
    assert.equal(await outcome(person), 'API rate limit exceeded');
    await sql`delete from throttle`.execute(on.db);
  });

  test('of fifty calls at once exactly twenty create a key', async () => {
    const person = await api.newPerson();
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.call(person)));
    assert.equal(codes(answers).filter((code) => code === 0).length, 20);
    assert.equal(codes(answers).filter((code) => code === 8).length, 30);
    assert.match(await api.refuses(8, person), /20 active keys/);
  });

  test('two-factor authentication requires a token, and only the right password reveals this', async () => {
    const person = await api.newPerson();
    const phone = await newPhone(on.db, person.username);
    assert.match(
      await api.refuses(44, person),
      /^A token of two-factor authentication is required/,
    );
    const token = await phone.code();
    await api.refuses(4, { ...person, password: 'wrong' });
    await api.refuses(4, { ...person, password: 'wrong', token });
    for (const wrong of [await phone.wrongCode(), '0', phone.scratchCodes[0] ?? '']) {
      await api.refuses(4, { ...person, token: wrong });
    }
    const { rows } = await sql`select from api_keys join users on users.id = user_id
      where username = ${person.username}`.execute(on.db);
    assert.equal(rows.length, 0);

    assert.ok(isWellFormed(keyIn(await api.call({ ...person, token })).API_KEY));
    await api.refuses(4, { ...person, token });
    const spaced = (await phone.unusedCode()).replace(/(...)/, '$1 ');
    assert.ok(keyIn(await api.call({ ...person, token: spaced })).API_KEY);
    const events = await sql<{ kind: string; count: number }>`
      select kind, count(*)::int from events join users on users.id = user_id
      where username = ${person.username} group by kind order by kind`.execute(on.db);
    assert.deepEqual(events.rows, [
      { kind: 'failed code', count: 4 },
      { kind: 'failed log in', count: 2 },
      { kind: 'key made', count: 2 },
    ]);
  });

  test('a temporary password is error 8, and creates no key until it is changed', async () => {
    const person = await api.newPerson();
    await makePasswordTemporary(on.db, person.username);
    assert.equal(
      await api.refuses(8, person),
      'A data validation error has occurred: Your password is temporary. ' +
        'Log in to Linode Manager and change it first.',
    );
    await api.refuses(4, { ...person, password: 'wrong' });
    const phone = await newPhone(on.db, person.username);
    await api.refuses(44, person);
    await api.refuses(8, { ...person, token: await phone.code() });
    await sql`update users set password_lapses_at = now() where username = ${person.username}`.execute(
      on.db,
    );
    await api.refuses(4, person);
    const { rows } = await sql`select from api_keys join users on users.id = user_id
      where username = ${person.username}`.execute(on.db);
    assert.equal(rows.length, 0);
  });

  test('a token of a user without two-factor authentication is ignored', async () => {
    const person = await api.newPerson();
    assert.ok(keyIn(await api.call({ ...person, token: '123456' })).API_KEY);
  });

  test('wrong tokens are rate-limited for the user, whatever the address', async () => {
    const person = await api.newPerson();
    const phone = await newPhone(on.db, person.username);
    const wrong = await phone.wrongCode();
    for (let time = 0; time < 6; time++) await api.refuses(4, { ...person, token: wrong });
    await sql`update throttle set open_at = open_at + interval '1 hour' where open_at > updated_at`.execute(
      on.db,
    );
    const token = await phone.code();
    assert.match(await api.refuses(14, { ...person, token }), /Too many failed attempts/);
    await sql`delete from throttle`.execute(on.db);
  });
});
