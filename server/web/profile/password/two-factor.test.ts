import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { Secret } from 'otpauth';
import { codeOfStep } from '../../../auth/two-factor/totp.ts';
import { startApp } from '../../../testing/app.ts';
import { describeApp } from '../../../testing/describe-app.ts';
import { newPhone } from '../../../testing/two-factor.ts';
import { PASSWORD } from '../../../testing/users.ts';
import type { Answer, Visitor } from '../../../testing/visitor.ts';

const PASSWORD_PAGE = '/profile/password';
const PAGE = '/profile/password/two-factor';
const OFFER = /<button class="button"[^>]*>Enable Two-Factor Authentication<\/button>/;
const ENABLED = /Two-factor authentication is currently: <strong>Enabled<\/strong>/;
const ONE_ANSWER = /id="password-problem"[^>]*>The password or the token is wrong\./;

describeApp('/profile/password/two-factor', (on) => {
  /** The secret on the page that begins it. */
  function secretIn({ body }: Answer): Buffer {
    const typed = /data-secret>([A-Z2-7 ]+)</.exec(body)?.[1] ?? '';
    assert.match(typed, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    return Buffer.from(Secret.fromBase32(typed).bytes);
  }

  const codesIn = ({ body }: Answer) => body.match(/\b([A-Z2-7]{4} ){3}[A-Z2-7]{4}\b/g) ?? [];

  async function currentStep(): Promise<number> {
    const { rows } = await sql<{ step: number }>`
      select floor(extract(epoch from now()) / 30)::int as step`.execute(on.db);
    return rows[0]?.step ?? 0;
  }

  async function begin(visitor: Visitor): Promise<Answer> {
    await visitor.get(PASSWORD_PAGE);
    return visitor.post(PAGE);
  }

  const confirm = async (visitor: Visitor, secret: Buffer) =>
    visitor.post(`${PAGE}/confirm`, { token: codeOfStep(secret, await currentStep()) });

  /** A code after the one that has enabled it, within the tolerance. */
  const laterCode = async (secret: Buffer) => codeOfStep(secret, (await currentStep()) + 1);

  async function enabled(): Promise<{ visitor: Visitor; secret: Buffer; scratchCodes: string[] }> {
    const visitor = await on.app.signInNewUser();
    const { secret, scratchCodes } = await visitor.enableTwoFactor();
    await visitor.get(PASSWORD_PAGE);
    return { visitor, secret, scratchCodes };
  }

  async function events(username: string): Promise<string[]> {
    const { rows } = await sql<{ kind: string }>`
      select kind from events join users on users.id = user_id
      where username = ${username} and kind not in ('log in', 'authenticated')
      order by events.id`.execute(on.db);
    return rows.map(({ kind }) => kind);
  }

  test('a first code enables it, ends the other sessions and shows ten scratch codes once', async () => {
    const visitor = await on.app.signInNewUser();
    const { username } = visitor;
    const other = await on.app.signIn(username);
    assert.match((await visitor.get(PASSWORD_PAGE)).body, OFFER);

    const begun = await begin(visitor);
    assert.equal(begun.status, 200);
    assert.equal(begun.headers.get('cache-control'), 'no-store');
    assert.match(begun.body, /<svg class="qr-code" viewBox="0 0 \d+ \d+"[^>]*><path d="M\d/);
    const secret = secretIn(begun);
    // Nothing is enabled yet.
    assert.match((await visitor.get(PASSWORD_PAGE)).body, OFFER);
    assert.equal((await other.get('/')).status, 200);

    const confirmed = await confirm(visitor, secret);
    assert.equal(confirmed.status, 200);
    assert.equal(confirmed.headers.get('cache-control'), 'no-store');
    const codes = codesIn(confirmed);
    assert.equal(new Set(codes).size, 10);
    assert.equal((await other.get('/')).location, '/login');

    const { body } = await visitor.get(PASSWORD_PAGE);
    assert.match(body, ENABLED);
    assert.match(body, /Scratch codes: 10 left/);
    assert.doesNotMatch(body, OFFER);
    assert.deepEqual(await events(username), ['two-factor enabled']);
    const answer = await on.app.newVisitor().logIn(username);
    assert.equal(answer.location, '/login/two-factor');
  });

  test('the secret is shown in one response, and stored only encrypted', async () => {
    const visitor = await on.app.signInNewUser();
    const begun = await begin(visitor);
    const secret = secretIn(begun);
    const again = await visitor.get(PAGE);
    assert.equal(again.status, 200);
    assert.match(again.body, /The secret cannot be shown again/);
    const wrong = await visitor.post(`${PAGE}/confirm`, { token: '000' });
    for (const { body } of [again, wrong]) assert.doesNotMatch(body, /data-secret|<svg/);
    await confirm(visitor, secret);
    const { rows } = await sql<{ text: string }>`
      select t::text from two_factor t union all select p::text from pending_two_factor p
      union all select s::text from scratch_codes s union all select e::text from events e`.execute(
      on.db,
    );
    const stored = rows.map(({ text }) => text).join('\n');
    assert.ok(!stored.includes(secret.toString('hex')));
  });

  test('a wrong first code is refused, and another one can follow', async () => {
    const visitor = await on.app.signInNewUser();
    const secret = secretIn(await begin(visitor));
    for (const token of ['', '12345', codeOfStep(secret, (await currentStep()) + 5)]) {
      const answer = await visitor.post(`${PAGE}/confirm`, { token });
      assert.equal(answer.status, 422);
      assert.match(answer.body, /That is not the token\. Try again\./);
    }
    assert.equal((await confirm(visitor, secret)).status, 200);
  });

  test('the secret waits for 15 minutes', async () => {
    const visitor = await on.app.signInNewUser();
    const secret = secretIn(await begin(visitor));
    await sql`update pending_two_factor set created_at = created_at - interval '15 minutes'`.execute(
      on.db,
    );
    assert.equal((await confirm(visitor, secret)).location, PASSWORD_PAGE);
    assert.match(
      (await visitor.get(PASSWORD_PAGE)).body,
      /That took too long, so nothing was done/,
    );
    assert.equal((await visitor.get(PAGE)).location, PASSWORD_PAGE);
  });

  test('a form sent twice enables it once, and shows the scratch codes once', async () => {
    const visitor = await on.app.signInNewUser();
    const secret = secretIn(await begin(visitor));
    const answers = [await confirm(visitor, secret), await confirm(visitor, secret)];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 303],
    );
    assert.match((await visitor.get(PASSWORD_PAGE)).body, /was already enabled/);
    assert.equal((await begin(visitor)).location, PASSWORD_PAGE);
    assert.deepEqual(await events(visitor.username), ['two-factor enabled']);
  });

  test('the code that enabled it cannot log in', async () => {
    const visitor = await on.app.signInNewUser();
    const secret = secretIn(await begin(visitor));
    const token = codeOfStep(secret, await currentStep());
    assert.equal((await visitor.post(`${PAGE}/confirm`, { token })).status, 200);
    const other = on.app.newVisitor();
    await other.logIn(visitor.username);
    assert.equal((await other.enterCode(token)).status, 401);
  });

  test('the home page shows it on the next device, but not in the session that enabled it', async () => {
    const { visitor, secret } = await enabled();
    const told = />Two-factor authentication was enabled</;
    assert.doesNotMatch((await visitor.get('/')).body, told);
    const other = on.app.newVisitor();
    await other.logInWithoutCode(visitor.username);
    await other.enterCode(await laterCode(secret));
    assert.match((await other.get('/')).body, told);
  });

  test('password and code disable it', async () => {
    const { visitor, secret } = await enabled();
    assert.match((await visitor.get(`${PAGE}/disable`)).body, />Token<\/label>/);
    const token = await laterCode(secret);
    const answer = await visitor.post(`${PAGE}/disable`, { password: PASSWORD, token });
    assert.equal(answer.location, PASSWORD_PAGE);
    const { body } = await visitor.get(PASSWORD_PAGE);
    assert.match(body, /Two-factor authentication is now disabled\./);
    assert.match(body, OFFER);
    assert.deepEqual(await events(visitor.username), ['two-factor enabled', 'two-factor disabled']);
    assert.equal((await on.app.newVisitor().logIn(visitor.username)).location, '/');
  });

  test('a scratch code disables it too', async () => {
    const { visitor, scratchCodes } = await enabled();
    const token = scratchCodes[0] ?? '';
    const answer = await visitor.post(`${PAGE}/disable`, { password: PASSWORD, token });
    assert.equal(answer.location, PASSWORD_PAGE);
    assert.match((await visitor.get(PASSWORD_PAGE)).body, OFFER);
  });

  for (const path of ['disable', 'scratch-codes']) {
    test(`${path}: a wrong password, a wrong code and none have one answer, and change nothing`, async () => {
      const { visitor, secret } = await enabled();
      const right = await laterCode(secret);
      const factors = [
        { password: 'not the password', token: right },
        { password: PASSWORD, token: '12345' },
        { password: PASSWORD, token: '' },
        { password: 'not the password', token: '' },
      ];
      for (const fields of factors) {
        const answer = await visitor.post(`${PAGE}/${path}`, fields);
        assert.equal(answer.status, 422);
        assert.match(answer.body, ONE_ANSWER);
        assert.deepEqual(codesIn(answer), []);
      }
      assert.match((await visitor.get(PASSWORD_PAGE)).body, ENABLED);
      const failed = ['failed authentication', 'failed code', 'failed authentication'];
      assert.deepEqual(await events(visitor.username), ['two-factor enabled', ...failed]);
    });
  }

  test('new scratch codes replace the old ones, and need an unused code', async () => {
    const { visitor, secret, scratchCodes } = await enabled();
    const token = await laterCode(secret);
    const factors = { password: PASSWORD, token };
    const replaced = await visitor.post(`${PAGE}/scratch-codes`, factors);
    const codes = codesIn(replaced);
    assert.equal(codes.length, 10);
    assert.equal(replaced.headers.get('cache-control'), 'no-store');
    assert.ok(!codes.some((code) => scratchCodes.includes(code)));
    const again = await visitor.post(`${PAGE}/scratch-codes`, factors);
    assert.equal(again.status, 422);
    assert.match(again.body, /id="token-problem"[^>]*>This code has been used/);
    const old = { password: PASSWORD, token: scratchCodes[0] ?? '' };
    assert.equal((await visitor.post(`${PAGE}/disable`, old)).status, 422);
    assert.ok((await events(visitor.username)).includes('scratch codes created'));
  });

  test('a code for new scratch codes counts for Authenticate, too', async () => {
    const { visitor, secret } = await enabled();
    const age = (minutes: number) =>
      sql`update sessions set code_accepted_at = code_accepted_at - make_interval(mins => ${minutes}::int)
        where user_id = (select id from users where username = ${visitor.username})`.execute(on.db);
    await age(10);
    const hasTokenRow = async () =>
      /name="token"/.test((await visitor.get('/profile/authenticate')).body);
    assert.equal(await hasTokenRow(), true);
    const factors = { password: PASSWORD, token: await laterCode(secret) };
    assert.equal((await visitor.post(`${PAGE}/scratch-codes`, factors)).status, 200);
    assert.equal(await hasTokenRow(), false);
    await age(10);
    assert.equal(await hasTokenRow(), true);
  });

  test('a session that ends while the password is checked disables nothing', async () => {
    const { visitor, secret } = await enabled();
    await visitor.get(`${PAGE}/disable`);
    const { reached, release } = on.app.holdNextPasswordCheck();
    const factors = { password: PASSWORD, token: await laterCode(secret) };
    const disabling = visitor.post(`${PAGE}/disable`, factors);
    await reached;
    await sql`update sessions set ended_at = now() where user_id =
      (select id from users where username = ${visitor.username})`.execute(on.db);
    release();
    assert.match((await disabling).location ?? '', /^\/login\?next=/);
    assert.deepEqual(await events(visitor.username), ['two-factor enabled']);
  });

  test('the page warns when few scratch codes are left', async () => {
    const { visitor } = await enabled();
    const leave = async (count: number) => {
      await sql`delete from scratch_codes where user_id = (
          select id from users where username = ${visitor.username}) and digest not in (
          select digest from scratch_codes limit ${count}::int)`.execute(on.db);
      return (await visitor.get(PASSWORD_PAGE)).body;
    };
    await sql`delete from scratch_codes where user_id <> (
      select id from users where username = ${visitor.username})`.execute(on.db);
    assert.doesNotMatch(await leave(4), /message-warning/);
    assert.match(await leave(3), /3 left(.|\n)*message-warning(.|\n)*only 3 are left/);
    assert.match(await leave(1), /only 1 is left/);
    assert.match(await leave(0), /none is left/);
  });

  test('without an encryption key it is not offered, and can still be disabled', async () => {
    const app = await startApp(on.db, { encryptionKeys: [] });
    const visitor = await app.signInNewUser();
    assert.doesNotMatch((await visitor.get(PASSWORD_PAGE)).body, /Two-Factor/);
    for (const path of [PAGE, `${PAGE}/confirm`]) {
      assert.equal((await visitor.post(path)).status, 404, path);
    }
    const { scratchCodes } = await newPhone(on.db, visitor.username);
    const token = scratchCodes[0] ?? '';
    const answer = await visitor.post(`${PAGE}/disable`, { password: PASSWORD, token });
    assert.equal(answer.location, PASSWORD_PAGE);
    assert.doesNotMatch((await visitor.get(PASSWORD_PAGE)).body, /Two-Factor/);
    await app.close();
  });
});
