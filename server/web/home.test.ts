import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeApp } from '../testing/describe-app.ts';

describeApp('/', (on) => {
  test('a visitor who is signed out is sent to log in', async () => {
    const answer = await on.app.newVisitor().get('/');
    assert.equal(answer.status, 303);
    assert.equal(answer.location, '/login');
  });

  test('shows that a login is the first, and later the time of the previous one', async () => {
    const first = await on.app.signInNewUser({ authenticate: false });
    assert.match((await first.get('/')).body, /This is your first login\./);
    const second = await on.app.signIn(first.username, { authenticate: false });
    const { body } = await second.get('/');
    assert.match(
      body,
      /Previous login: <time datetime="[^"]+Z">\d{4}-\d\d-\d\d \d\d:\d\d<\/time> from 127\.0\.0\.1/,
    );
  });

  test('shows the number of active keys', async () => {
    const visitor = await on.app.signInNewUser();
    const sentence = async () =>
      /<p>(Your API is .*)<\/p>/.exec((await visitor.get('/')).body)?.[1];
    assert.equal(await sentence(), 'Your API is inaccessible: you have no active API keys.');
    const { id } = await visitor.createKey();
    assert.equal(await sentence(), 'Your API is accessible: 1 active key.');
    await visitor.post(`/profile/api-keys/${id}/pause`);
    assert.equal(
      await sentence(),
      'Your API is inaccessible: you have no active API keys, and 1 is paused.',
    );
    await visitor.createKey();
    await visitor.createKey({ expires: '1-hour' });
    assert.equal(await sentence(), 'Your API is accessible: 2 active keys, and 1 is paused.');
  });
});
