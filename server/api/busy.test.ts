import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeApp } from '../testing/describe-app.ts';

describeApp('the API while many log in', (on) => {
  test('a full queue answers 503 with Retry-After, and the API error 14', async () => {
    const giveBack = on.app.takePasswordPlaces('known', 80);

    const fields = { api_action: 'user.getapikey', username: 'ada', password: 'x' };
    const answer = await fetch(`${on.app.origin}/?${new URLSearchParams(fields)}`);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '5');
    assert.match(await answer.text(), /"ERRORCODE":14,.*"DATA":\{\},"ACTION":"user.getapikey"/);

    await giveBack();
  });
});
