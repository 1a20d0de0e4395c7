import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { describeOnDatabase } from '../../db/testing/describe.ts';
import { startApp } from '../testing/app.ts';

describeOnDatabase('the log', (on) => {
  test('names the client of a request that a trusted proxy aborts', async (t) => {
    let logged = Promise.withResolvers<string>();
    const onLogLine = (line: string) => logged.resolve(line);
    const app = await startApp(on.db, { trustProxy: ['127.0.0.1'] }, on.location, { onLogLine });
    t.after(() => app.close());
    for (const path of ['/login', '/leaked', '/profile', '/api/', '/api/whoami', '/none']) {
      logged = Promise.withResolvers();
      // A connection of its own: its address must not be known from an earlier request.
      const proxy = connect(Number(new URL(app.origin).port), '127.0.0.1');
      proxy.write(
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.7\r\n` +
          'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n' +
          'Expect: 100-continue\r\n\r\n',
      );
      await once(proxy, 'data');
      proxy.resetAndDestroy();
      assert.match(await logged.promise, /"ip":"203\.0\.113\.7"/, path);
    }
  });
});
