import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeApp } from '../testing/describe-app.ts';

describeApp('/logout', (on) => {
  test('ends the session for good, and is an event', async () => {
    const visitor = await on.app.signInNewUser();
    const cookie = visitor.cookieHeader();
    const answer = await visitor.post('/logout');
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/login');
    for (const path of ['/', '/profile', '/profile/api-keys']) {
      const later = await on.app.newVisitor().get(path, { cookie });
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
    const visitor = await on.app.signInNewUser({ authenticate: false });
    assert.equal((await visitor.get('/logout')).status, 404);
    assert.equal((await visitor.get('/')).status, 200);
  });

  test('a visitor who is signed out is sent to log in', async () => {
    const answer = await on.app.newVisitor().post('/logout');
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/login');
  });
});
