import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { Secret } from 'otpauth';
import { describeOnDatabase } from '../../../db/testing/describe.ts';
import { findPendingSecret } from '../../../db/two-factor.ts';
import { findUser } from '../../../db/users.ts';
import { codeOfStep } from '../../auth/two-factor/totp.ts';
import { type App, startApp } from '../../testing/app.ts';
import { makePasswordTemporary, PASSWORD } from '../../testing/users.ts';
import type { Visitor } from '../../testing/visitor.ts';

const PAGE = '/login/set-up';
const NEW = 'a new and better password';

describeOnDatabase('/login/set-up', (on) => {
  let app: App;
  let username: string;
  before(async () => {
    app = await startApp(on.db, { requireTwoFactor: true }, on.location);
  });
  after(() => app.close());
  beforeEach(async () => {
    username = await app.newUser();
  });

  async function newVisitor(password = PASSWORD): Promise<Visitor> {
    const visitor = app.newVisitor();
    await visitor.get('/login');
    await visitor.post('/login', { username, password });
    await visitor.get(PAGE);
    return visitor;
  }

  /** Starts the set-up, and returns the secret that the page shows. */
  async function begin(visitor: Visitor, next = ''): Promise<Buffer> {
    const { body } = await visitor.post(PAGE, { next });
    const typed = /data-secret>((?:[A-Z2-7]{4} ?){8})</.exec(body)?.[1] ?? '';
    return Buffer.from(Secret.fromBase32(typed).bytes);
  }

  async function currentCode(secret: Buffer, difference = 0): Promise<string> {
    const { id = 0 } = (await findUser(on.db, username)) ?? {};
    const { step = 0 } = (await findPendingSecret(on.db, id)) ?? {};
    return codeOfStep(secret, step + difference);
  }

  const isOpen = async (visitor: Visitor) => (await visitor.get('/')).status === 200;

  test('where two-factor authentication is required, log in leads here, and a first code leads on', async () => {
    const visitor = await newVisitor();
    const { location } = await visitor.get('/profile/api-keys?label=typed');
    assert.equal(location, `${PAGE}?next=%2Fprofile%2Fapi-keys%3Flabel%3Dtyped`);
    const { body } = await visitor.get(location ?? '');
    assert.match(body, /Two-factor authentication is required here\./);
    const next = '/profile/api-keys?label=typed';
    assert.match(body, /name="next" value="\/profile\/api-keys\?label=typed"/);

    const secret = await begin(visitor, next);
    assert.equal(secret.length, 20);
    const code = await currentCode(secret);
    const wrong = await visitor.post(`${PAGE}/confirm`, { token: 'wrong', next });
    assert.equal(wrong.status, 422);
    assert.match(wrong.body, /That is not the token\. Try again\./);
    assert.equal(await isOpen(visitor), false);
    await visitor.get(PAGE);
    const right = await visitor.post(`${PAGE}/confirm`, { token: code, next });
    assert.equal((right.body.match(/^(?:[A-Z2-7]{4} ){3}[A-Z2-7]{4}/gm) ?? []).length, 9);
    assert.match(right.body, /href="\/profile\/api-keys\?label=typed">Continue</);
    assert.equal(await isOpen(visitor), true);

    const again = app.newVisitor();
    await again.logInWithoutCode(username);
  });

  test('a temporary password is changed first', async () => {
    await makePasswordTemporary(on.db, username);
    const visitor = await newVisitor();
    assert.equal((await visitor.get(PAGE)).location, '/login/password?next=%2Flogin%2Fset-up');
    assert.match(
      (await visitor.post(PAGE)).location ?? '',
      /^\/login\/password\?next=%2Flogin%2Fset-up/,
    );
    await visitor.get('/login/password');
    const changed = await visitor.post('/login/password', {
      current_password: PASSWORD,
      new_password: NEW,
      new_password_again: NEW,
    });
    assert.equal(changed.location, '/');
    assert.equal((await visitor.get('/')).location, PAGE);
    assert.match((await visitor.get(PAGE)).body, /Your password has been changed\./);
  });

  test('the secret is shown once; a person who has lost it starts again', async () => {
    const visitor = await newVisitor();
    const first = await begin(visitor);
    const { body } = await visitor.get(PAGE);
    assert.match(body, /The secret cannot be shown again\./);
    assert.doesNotMatch(body, /data-secret/);
    const second = await begin(visitor);
    assert.notDeepEqual(first, second);
    const old = await visitor.post(`${PAGE}/confirm`, { token: await currentCode(first) });
    assert.equal(old.status, 422);
    const code = await currentCode(second);
    assert.equal((await visitor.post(`${PAGE}/confirm`, { token: code })).status, 200);
  });

  test('a secret that has waited too long says so, and the person starts again', async () => {
    const visitor = await newVisitor();
    const code = await currentCode(await begin(visitor, '/profile'));
    await sql`update pending_two_factor set created_at = created_at - interval '15 minutes'`.execute(
      on.db,
    );
    const late = await visitor.post(`${PAGE}/confirm`, { token: code, next: '/profile' });
    assert.equal(late.location, `${PAGE}?next=%2Fprofile`);
    assert.match((await visitor.get(late.location ?? '')).body, /That took too long/);
  });

  test('a set-up that takes longer than the password stays recent starts the log in again', async () => {
    const visitor = await newVisitor();
    const code = await currentCode(await begin(visitor));
    await sql`update sessions set created_at = created_at - interval '10 minutes'`.execute(on.db);
    const late = await visitor.post(`${PAGE}/confirm`, { token: code, next: '/profile' });
    assert.equal(late.location, '/login?next=%2Fprofile');
    assert.match((await visitor.get('/login')).body, /The login took too long/);
    // The secret still waits, so the app need not be set up again.
    const again = await newVisitor();
    assert.equal((await again.post(`${PAGE}/confirm`, { token: code })).status, 200);
    assert.equal(await isOpen(again), true);
  });

  test('a form that is sent after another tab has finished the step leads on', async () => {
    const visitor = await newVisitor();
    const code = await currentCode(await begin(visitor));
    await visitor.post(`${PAGE}/confirm`, { token: code });
    for (const path of [PAGE, `${PAGE}/confirm`]) {
      const late = await visitor.post(path, { next: '/profile' });
      assert.deepEqual([late.status, late.location], [303, '/profile']);
    }
  });

  test('a person who disables it has to set it up again at once, and is warned of this', async () => {
    const visitor = await newVisitor();
    const code = await currentCode(await begin(visitor));
    const { body } = await visitor.post(`${PAGE}/confirm`, { token: code });
    const [scratchCode = ''] = /(?:[A-Z2-7]{4} ){3}[A-Z2-7]{4}/.exec(body) ?? [];
    await visitor.authenticate();
    const asked = await visitor.get('/profile/password/two-factor/disable');
    assert.match(asked.body, /It is required here, so you will set it up again at once\./);
    const factors = { password: PASSWORD, token: scratchCode };
    await visitor.post('/profile/password/two-factor/disable', factors);
    assert.equal((await visitor.get('/profile')).location, `${PAGE}?next=%2Fprofile`);
  });

  test('keys go on working, but the API creates none until the step is done', async () => {
    const visitor = await newVisitor();
    const call = async () => {
      const body = new URLSearchParams({
        api_action: 'user.getapikey',
        username,
        password: PASSWORD,
      });
      return (await fetch(`${app.origin}/api/`, { method: 'POST', body })).text();
    };
    const without = await startApp(on.db, {}, on.location);
    const { secret } = await (await without.signIn(username)).createKey();
    await without.close();
    const check = () => fetch(`${app.origin}/auth/verify`, { headers: { 'x-api-key': secret } });
    assert.equal((await check()).status, 204);
    assert.match(await call(), /"ERRORCODE":8,.*Two-factor authentication is required\./);
    const code = await currentCode(await begin(visitor));
    await visitor.post(`${PAGE}/confirm`, { token: code });
    assert.match(await call(), /"ERRORCODE":44,/);
  });
});
