import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import { inTurn } from '../auth/in-turn.ts';
import { startApp } from '../testing/app.ts';

test('a full password queue is 503 with Retry-After and error 14', async (t) => {
  const db = await openDatabase({ memory: true });
  t.after(() => db.destroy());
  const app = await startApp(db);
  t.after(() => app.close());
  const { promise: queueIsFree, resolve: freeQueue } = Promise.withResolvers<void>();
  const queue = Array.from({ length: 64 }, () =>
    inTurn('["ada",["127.0.0.1/32"]]', () => queueIsFree),
  );

  const fields = { api_action: 'user.getapikey', username: 'ada', password: 'x' };
  const answer = await fetch(`${app.origin}/?${new URLSearchParams(fields)}`);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '5');
  assert.match(await answer.text(), /"ERRORCODE":14,.*"DATA":\{\},"ACTION":"user.getapikey"/);

  freeQueue();
  await Promise.all(queue);
});
