import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../testing/app.ts';
import { describeApp } from '../testing/describe-app.ts';

describeApp('notices', (on) => {
  test('a notice is shown once', async () => {
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile');
    await visitor.post('/profile', { time_zone: 'UTC' });
    assert.match((await visitor.get('/profile')).body, /Your profile has been saved\./);
    assert.doesNotMatch((await visitor.get('/profile')).body, /Your profile has been saved\./);
  });

  test('a cookie shows no text of its own, and no key of another user', async () => {
    const other = await on.app.signInNewUser();
    const key = await other.createKey({ label: 'secret project' });
    const visitor = await on.app.signInNewUser();
    await visitor.get('/profile');
    const { installationId } = on.app.parts;
    for (const about of [key.id, '0', '1e3', '<b>', '9'.repeat(99), '']) {
      const cookie = `${visitor.cookieHeader()}; notice-${installationId}=key-removed.${about}`;
      const { status, body } = await visitor.get('/profile/api-keys', { cookie });
      assert.equal(status, 200);
      assert.match(body, /<li>The key has now been removed\.<\/li>/);
      assert.doesNotMatch(body, /secret project/);
    }
  });

  test('on https, a cookie planted by another host of the domain shows nothing', async (t) => {
    const secure = await startApp(on.db, { secure: true, trustProxy: 1 });
    t.after(() => secure.close());
    const { installationId } = secure.parts;
    const show = async (name: string) => {
      const headers = { 'x-forwarded-proto': 'https', cookie: `${name}=password-changed` };
      return (await secure.newVisitor().get('/nothing', headers)).body;
    };
    const notice = /Your password has been changed\./;
    // Browsers keep the first of these only when it comes from this host itself.
    assert.match(await show(`__Host-notice-${installationId}`), notice);
    assert.doesNotMatch(await show(`notice-${installationId}`), notice);
    assert.doesNotMatch(await show('notice'), notice);
  });
});
