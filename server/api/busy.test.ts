import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import { inTurn } from '../auth/in-turn.ts';
import { startApp } from '../testing/app.ts';

test('who has to come again is told when: 503, Retry-After, error 14', async (t) => {
  const db = await openDatabase({ memory: true });
  t.after(() => db.destroy());
  const app = await startApp(db);
  t.after(() => app.close());
  const { promise: theDayIsOver, resolve: endTheDay } = Promise.withResolvers<void>();
  const queue = Array.from({ length: 64 }, () => inTurn('ada at 127.0.0.1', () => theDayIsOver));

  const fields = { api_action: 'user.getapikey', username: 'ada', password: 'x' };
  const answer = await fetch(`${app.origin}/?${new URLSearchParams(fields)}`);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '5');
  assert.match(await answer.text(), /"ERRORCODE":14,.*"DATA":\{\},"ACTION":"user.getapikey"/);

  endTheDay();
  await Promise.all(queue);
});
