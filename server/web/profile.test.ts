import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeApp } from '../testing/describe-app.ts';
import type { Visitor } from '../testing/visitor.ts';

describeApp('/profile', (on) => {
  let visitor: Visitor;
  beforeEach(async () => {
    visitor = await on.app.signInNewUser();
  });

  async function save(time_zone: string) {
    await visitor.get('/profile');
    return visitor.post('/profile', { time_zone });
  }

  test('shows the user name and the e-mail, and UTC as the time zone at first', async () => {
    const { body } = await visitor.get('/profile');
    const { username } = visitor;
    assert.match(body, new RegExp(`<dd>${username}</dd>[^]*<dd>${username}@example\\.com</dd>`));
    assert.match(body, /<option value="UTC" selected>/);
    assert.match(body, /<option value="Europe\/Berlin" >Berlin \(UTC\+0[12]:00\)</);
  });

  test('a saved time zone is confirmed once, and all times on all pages follow it', async () => {
    const answer = await save('Asia/Kathmandu');
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/profile');
    const { body } = await visitor.get('/profile');
    assert.match(body, /Your profile has been saved\./);
    assert.match(body, /<option value="Asia\/Kathmandu" selected>/);
    assert.ok(!(await visitor.get('/profile')).body.includes('has been saved'));

    const { id } = await visitor.createKey({ expires: '1-day' });
    const noon = new Date('2014-02-13T12:00:00Z');
    await on.db.updateTable('api_keys').set({ created_at: noon, expires_at: noon }).execute();
    await on.db.updateTable('events').set({ at: noon }).execute();
    await on.db.updateTable('users').set({ previous_log_in_at: noon }).execute();
    const shown = '2014-02-13 17:45';
    const count = (text: string) => text.split(shown).length - 1;
    const events = await on.db
      .selectFrom('events')
      .innerJoin('users', 'users.id', 'user_id')
      .select('events.id')
      .where('username', '=', visitor.username)
      .execute();
    // The key has expired, so the page shows only the time of its end.
    assert.equal(count((await visitor.get('/profile/api-keys')).body), 1 + events.length);
    assert.equal(count((await visitor.get(`/profile/api-keys/${id}/remove`)).body), 1);
    assert.equal(count((await visitor.get('/')).body), 1);
  });

  test('times follow the clock across daylight saving', async () => {
    await save('Europe/Berlin');
    await visitor.createKey();
    const at = async (created_at: string) => {
      await on.db
        .updateTable('api_keys')
        .set({ created_at: new Date(created_at) })
        .execute();
      return (await visitor.get('/profile/api-keys')).body;
    };
    assert.match(await at('2014-03-30T00:59:00Z'), /2014-03-30 01:59/);
    assert.match(await at('2014-03-30T01:00:00Z'), /2014-03-30 03:00/);
  });

  test('every zone that is offered can be saved', async () => {
    const offered = [...(await visitor.get('/profile')).body.matchAll(/<option value="([^"]+)"/g)];
    const { rows } = await sql<{ name: string }>`select name from pg_timezone_names`.execute(on.db);
    const known = new Set(rows.map((row) => row.name));
    const unknown = offered.filter(([, zone = '']) => !known.has(zone)).map(([, zone]) => zone);
    assert.ok(offered.length > 400);
    assert.deepEqual(unknown, []);
  });

  test('a stored zone that has become unknown counts as UTC, until another is chosen', async () => {
    await on.db.updateTable('users').set({ time_zone: 'Mars/Olympus' }).execute();
    assert.match((await visitor.get('/profile')).body, /<option value="UTC" selected>/);
    await visitor.createKey({ expires: '1-month' });
    assert.equal((await visitor.get('/profile/api-keys')).status, 200);
    assert.equal((await save('Asia/Kolkata')).status, 303);
    assert.match((await visitor.get('/profile')).body, /<option value="Asia\/Kolkata" selected>/);
  });

  test('any other zone is refused at the field, and nothing changes', async () => {
    await save('UTC');
    for (const zone of ['', 'Mars/Olympus', "UTC'; --", 'posix/UTC']) {
      const { status, body } = await save(zone);
      assert.equal(status, 422);
      assert.match(body, /aria-describedby="time-zone-problem"/);
    }
    assert.match((await visitor.get('/profile')).body, /<option value="UTC" selected>/);
  });
});
