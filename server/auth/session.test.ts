import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { MAX_SESSIONS } from '../../db/sessions/open.ts';
import { setDisabled } from '../../db/users.ts';
import { startApp } from '../testing/app.ts';
import { describeApp } from '../testing/describe-app.ts';
import { addUser, PASSWORD } from '../testing/users.ts';

describeApp('the session cookie', (on) => {
  const paths = ['/', '/profile', '/profile/api-keys', '/profile/api-keys/1/remove', '/nothing'];
  const countSessions = async () =>
    (await on.db.selectFrom('sessions').select('digest').execute()).length;

  test('on http: HttpOnly, SameSite=Lax, for the whole site', async () => {
    const cookie = (await on.app.newVisitor().get('/login')).headers.get('set-cookie') ?? '';
    assert.match(cookie, /^session-[0-9a-f]{12}=s%3A[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test('on https: Secure, and a name that browsers accept from this host only', async () => {
    const secure = await startApp(on.db, {
      secure: true,
      publicUrl: 'https://keys.example.com',
      trustProxy: 1,
    });
    const https = { 'x-forwarded-proto': 'https' };
    const visitor = secure.newVisitor();
    const answer = await visitor.get('/login', https);
    const cookie = answer.headers.get('set-cookie') ?? '';
    assert.match(
      cookie,
      /^__Host-session-[0-9a-f]{12}=s%3A[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age=\d{8}/);
    const renewed = await visitor.post(
      '/login',
      { username: await on.app.newUser(), password: PASSWORD },
      https,
    );
    assert.match(
      renewed.headers.getSetCookie().at(-1) ?? '',
      /^__Host-session-[0-9a-f]{12}=.*HttpOnly; Secure; SameSite=Lax$/,
    );
    await secure.close();
  });

  describeApp('of another installation', (other) => {
    test('two installations on one host do not sign each other out', async () => {
      const here = await on.app.signInNewUser({ authenticate: false });
      const there = await other.app.signInNewUser({ authenticate: false });
      // What a browser keeps for a host, it sends to all its ports.
      const cookie = `${here.cookieHeader()}; ${there.cookieHeader()}`;
      for (const visitor of [here, there]) {
        assert.equal((await visitor.get('/', { cookie })).status, 200);
        assert.equal((await visitor.post('/logout', {}, { cookie })).location, '/login');
        assert.equal((await visitor.get('/', { cookie })).location, '/login');
      }
    });
  });

  test('only /login creates a session for a new visitor', async () => {
    const before = await countSessions();
    for (const path of [...paths, '/login/nothing', '/healthz', '/assets/css/main.css']) {
      const answer = await on.app.newVisitor().get(path);
      assert.equal(answer.headers.get('set-cookie'), null, path);
    }
    assert.equal(await countSessions(), before);
    await on.app.newVisitor().get('/login');
    assert.equal(await countSessions(), before + 1);
  });

  test('a request of an ended session gets a cookie at /login only', async () => {
    const visitor = await on.app.signInNewUser();
    const cookie = visitor.cookieHeader();
    await visitor.post('/logout');
    const after = on.app.newVisitor();
    for (const path of [...paths, '/logout']) {
      for (const answer of [
        await after.get(path, { cookie }),
        await after.post(path, {}, { cookie }),
      ]) {
        assert.equal(answer.headers.get('set-cookie'), null, path);
      }
    }
    assert.ok((await after.get('/login', { cookie })).headers.get('set-cookie'));
  });

  test('a log in beyond the limit ends the oldest session, and is an event', async () => {
    const first = await on.app.signInNewUser({ authenticate: false });
    const { username } = first;
    await on.db
      .insertInto('sessions')
      .columns(['digest', 'user_id', 'csrf_secret', 'expires_at'])
      .expression(
        sql`select sha256(convert_to(n::text, 'UTF8')), users.id, 'secret', now() + interval '1 hour'
          from generate_series(2, ${sql.lit(MAX_SESSIONS)}) as n, users where username = ${username}`,
      )
      .execute();
    assert.equal((await first.get('/')).status, 200);
    const last = await on.app.signIn(username, { authenticate: false });
    assert.equal((await first.get('/')).location, '/login');
    assert.equal((await last.get('/')).status, 200);
    const { rows } = await sql`select kind from events join users on users.id = user_id
      where username = ${username} order by events.id`.execute(on.db);
    assert.deepEqual(rows, [
      { kind: 'log in' },
      { kind: 'log in' },
      { kind: 'oldest sessions ended' },
    ]);
  });

  test('a forged or broken cookie is no session', async () => {
    const name = `session-${on.app.parts.installationId}`;
    for (const value of ['x', 's%3Ax.y', 's%3A', '%', 'a'.repeat(4_000)]) {
      const answer = await on.app.newVisitor().get('/', { cookie: `${name}=${value}` });
      assert.equal(answer.location, '/login');
    }
  });

  test('a disabled user is logged out with the next request', async () => {
    await addUser(on.db, 'eve');
    const visitor = await on.app.signIn('eve');
    assert.equal((await visitor.get('/')).status, 200);
    await setDisabled(on.db, 'eve', true);
    assert.equal((await visitor.get('/')).location, '/login');
  });

  test('a signature with an older secret is valid, and one with a foreign secret is not', async () => {
    const visitor = await on.app.signInNewUser({ authenticate: false });
    const cookie = visitor.cookieHeader();
    const rotated = await startApp(on.db, {
      sessionSecrets: [
        'the new secret of the tests, long enough',
        'a secret of the tests, long enough',
      ],
    });
    assert.equal((await rotated.newVisitor().get('/', { cookie })).status, 200);
    await rotated.close();
    const other = await startApp(on.db, {
      sessionSecrets: ['another secret entirely, long enough too'],
    });
    assert.equal((await other.newVisitor().get('/', { cookie })).status, 303);
    await other.close();
  });
});
