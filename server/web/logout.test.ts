import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { describeOnEachDatabase } from '../../db/testing/each-database.ts';
import { startApp } from '../testing/app.ts';
import { addUser } from '../testing/users.ts';

describeOnEachDatabase('/logout', (on) => {
  let app: Awaited<ReturnType<typeof startApp>>;
  before(async () => {
    app = await startApp(on.db);
    await addUser(on.db, 'ada');
  });
  after(() => app.close());

  test('ends the session for good, and is an event', async () => {
    const visitor = await app.signIn('ada');
    const cookie = visitor.cookieHeader();
    const answer = await visitor.post('/logout');
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/login');
    for (const path of ['/', '/profile', '/profile/api-keys']) {
      const later = await app.newVisitor().get(path, { cookie });
      assert.equal(later.status, 303);
      assert.match(later.location ?? '', /^\/login/);
      assert.equal(later.headers.get('set-cookie'), null);
    }
    const last = await on.db
      .selectFrom('events')
      .select('kind')
      .orderBy('id', 'desc')
      .limit(1)
      .execute();
    assert.deepEqual(last, [{ kind: 'log out' }]);
  });

  test('there is no GET', async () => {
    const visitor = await app.signIn('ada', { authenticate: false });
    assert.equal((await visitor.get('/logout')).status, 404);
    assert.equal((await visitor.get('/')).status, 200);
  });

  test('the signed-out are sent to log in', async () => {
    const answer = await app.newVisitor().post('/logout');
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/login');
  });
});
