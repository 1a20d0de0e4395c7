import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import { startApp } from '../testing/app.ts';

test('a full queue answers 503 with Retry-After, and the API error 14', async (t) => {
  const db = await openDatabase({ memory: true });
  t.after(() => db.destroy());
  const app = await startApp(db);
  t.after(() => app.close());
  const giveBack = app.takePasswordPlaces('known', 80);

  const fields = { api_action: 'user.getapikey', username: 'ada', password: 'x' };
  const answer = await fetch(`${app.origin}/?${new URLSearchParams(fields)}`);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '5');
  assert.match(await answer.text(), /"ERRORCODE":14,.*"DATA":\{\},"ACTION":"user.getapikey"/);

  await giveBack();
});
