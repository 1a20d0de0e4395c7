import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import express, { type Response } from 'express';
import { listeningAt } from './listening-at.ts';
import { sendParts } from './send-parts.ts';

const PART = 'x'.repeat(100_000);
const HEADERS = { 'Content-Type': 'text/plain; charset=utf-8' };

/** Sends a request to an app that answers with parts. */
async function ask(
  t: { after(done: () => void): void },
  parts: (res: Response) => AsyncIterable<string>,
) {
  const app = express();
  // Otherwise Express prints the error.
  app.set('env', 'test');
  app.get('/', (_req, res) => sendParts(res, HEADERS, parts(res)));
  const server = app.listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const request = get(listeningAt(server));
  const [answer]: IncomingMessage[] = await once(request, 'response');
  if (!answer) throw new Error('There was no answer.');
  return { request, answer };
}

test('less than two parts of a long answer wait in memory at a time', async (t) => {
  let mostWaiting = 0;
  const { answer } = await ask(t, async function* (res) {
    for (let n = 0; n < 200; n++) {
      mostWaiting = Math.max(mostWaiting, res.writableLength);
      yield PART;
    }
  });
  let length = 0;
  for await (const chunk of answer) length += chunk.length;
  assert.equal(length, 200 * PART.length);
  assert.ok(mostWaiting < 2 * PART.length, String(mostWaiting));
});

test('when the client has gone, no more parts are requested', async (t) => {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const { request } = await ask(t, async function* () {
    try {
      for (;;) yield PART;
    } finally {
      end();
    }
  });
  request.destroy();
  await ended;
});

test('a failure before the first part is answered with an error, not with a file', async (t) => {
  const { answer } = await ask(t, async function* () {
    yield await Promise.reject(new Error('away'));
  });
  assert.equal(answer.statusCode, 500);
  assert.notEqual(answer.headers['content-type'], HEADERS['Content-Type']);
  answer.resume();
});
