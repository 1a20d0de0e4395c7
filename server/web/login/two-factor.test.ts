import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { recognizeDevice } from '../../../db/devices.ts';
import { disableTwoFactor } from '../../../db/two-factor.ts';
import { disableUser, enableUser, setPassword } from '../../../db/user-changes.ts';
import { changePasswordDigest, findUser, setDisabled } from '../../../db/users.ts';
import { startApp } from '../../testing/app.ts';
import { describeApp } from '../../testing/describe-app.ts';
import { ENCRYPTION_KEY, newPhone, type Phone } from '../../testing/two-factor.ts';
import { PASSWORD, PASSWORD_DIGEST } from '../../testing/users.ts';
import type { Visitor } from '../../testing/visitor.ts';

const PAGE = '/login/two-factor';
const OPERATOR = { ip: null, userAgent: 'operator' };
const WRONG = /That is not the code\. Try again\./;
const USED = /This code has been used\. Wait for the next one\./;

describeApp('/login/two-factor', (on) => {
  let username: string;
  let phone: Phone;
  beforeEach(async () => {
    username = await on.app.newUser();
    phone = await newPhone(on.db, username);
  });

  /** A visitor whose password was right, on the page of the form for the code. */
  async function newPendingVisitor({ app = on.app, from = {} } = {}): Promise<Visitor> {
    const visitor = app.newVisitor();
    await visitor.get('/login', from);
    const answer = await visitor.post('/login', { username, password: PASSWORD }, from);
    assert.equal(answer.location, PAGE);
    await visitor.get(PAGE, from);
    return visitor;
  }

  const idOf = async () => (await findUser(on.db, username))?.id ?? 0;
  const isSignedIn = async (visitor: Visitor) => (await visitor.get('/')).status === 200;

  async function events(): Promise<string[]> {
    const { rows } = await sql<{ kind: string }>`
      select kind from events join users on users.id = user_id
      where username = ${username} order by events.id`.execute(on.db);
    return rows.map(({ kind }) => kind);
  }

  test('the password and then the code lead on, under a new session id at each step', async () => {
    const visitor = on.app.newVisitor();
    const ids = new Set<string>();
    await visitor.get('/login');
    ids.add(visitor.cookieHeader());
    const next = '/profile/api-keys?label=ci';
    const first = await visitor.post('/login', { username, password: PASSWORD, next });
    ids.add(visitor.cookieHeader());
    assert.equal(first.location, `${PAGE}?next=%2Fprofile%2Fapi-keys%3Flabel%3Dci`);
    const { body } = await visitor.get(first.location ?? '');
    assert.match(body, /Please enter your authentication code\./);
    assert.match(body, /name="next" value="\/profile\/api-keys\?label=ci"/);
    const second = await visitor.post(PAGE, { token: await phone.code(), next });
    ids.add(visitor.cookieHeader());
    assert.equal(second.location, next);
    assert.equal(ids.size, 3);
    assert.equal(await isSignedIn(visitor), true);
  });

  test('between the steps the session opens nothing, also for a thief', async () => {
    const visitor = await newPendingVisitor();
    const thief = on.app.newVisitor();
    const cookie = visitor.cookieHeader();
    const paths = ['/', '/profile', '/profile/api-keys', '/profile/authenticate', '/documentation'];
    for (const path of paths) {
      for (const answer of [await visitor.get(path), await thief.get(path, { cookie })]) {
        assert.equal(answer.status, 303, path);
        assert.match(answer.location ?? '', /^\/login(\?|$)/);
      }
    }
    const wrongCode = await phone.wrongCode();
    thief.csrfToken = visitor.csrfToken;
    assert.equal((await thief.post(PAGE, { token: wrongCode }, { cookie })).status, 401);

    await visitor.post(PAGE, { token: await phone.code() });
    assert.equal(await isSignedIn(visitor), true);
    assert.match((await thief.get('/', { cookie })).location ?? '', /^\/login/);
    const late = await thief.post(PAGE, { token: await phone.unusedCode() }, { cookie });
    assert.equal(late.location, '/login');
    assert.match((await thief.get('/', { cookie })).location ?? '', /^\/login/);
  });

  test('log out ends the log in that waits for its code', async () => {
    const visitor = await newPendingVisitor();
    const cookie = visitor.cookieHeader();
    assert.equal((await visitor.post('/logout', {}, { cookie })).location, '/login');
    const late = await visitor.post(PAGE, { token: await phone.code() }, { cookie });
    assert.match(late.location ?? '', /^\/login/);
    assert.equal(await isSignedIn(visitor), false);
  });

  test('only the right password leads here', async () => {
    const visitor = on.app.newVisitor();
    const answer = await visitor.logIn(username, 'not the password');
    assert.equal(answer.status, 401);
    assert.match(answer.body, /Login failed\. Check your username and password\./);
    assert.equal((await visitor.get(PAGE)).location, '/login');
    const code = await visitor.post(PAGE, { token: await phone.code() });
    assert.equal(code.location, '/login');
    assert.equal(await isSignedIn(visitor), false);
  });

  test('signed-out visitors are sent to log in, without a session; signed-in ones go where next says', async () => {
    const stranger = await on.app.newVisitor().get(`${PAGE}?next=/profile`);
    assert.equal(stranger.location, '/login?next=%2Fprofile');
    assert.equal(stranger.headers.get('set-cookie'), null);
    const visitor = await newPendingVisitor();
    await visitor.enterCode(await phone.code());
    assert.equal((await visitor.get(`${PAGE}?next=/profile`)).location, '/profile');
    assert.equal((await visitor.post(PAGE, { token: '1' })).location, '/');
  });

  test('a wrong code and a missing one are refused; only the wrong one is an event', async () => {
    const visitor = await newPendingVisitor();
    for (const token of ['', ' ']) {
      const answer = await visitor.post(PAGE, { token });
      assert.equal(answer.status, 401);
      assert.match(answer.body, WRONG);
    }
    assert.deepEqual(await events(), []);
    const answer = await visitor.post(PAGE, { token: await phone.wrongCode(), next: '/profile' });
    assert.equal(answer.status, 401);
    assert.match(answer.body, WRONG);
    assert.match(answer.body, /name="next" value="\/profile"/);
    assert.deepEqual(await events(), ['failed code']);
    assert.equal((await visitor.enterCode(await phone.code())).status, 303);
    assert.deepEqual(await events(), ['failed code', 'log in']);
  });

  test('a code is accepted once, and the page says that it was used', async () => {
    const code = await phone.code();
    await (await newPendingVisitor()).enterCode(code);
    const other = await newPendingVisitor();
    const answer = await other.post(PAGE, { token: code });
    assert.equal(answer.status, 401);
    assert.match(answer.body, USED);
    assert.equal(await isSignedIn(other), false);
  });

  test('of five log ins with one code at once, one succeeds', async () => {
    const visitors: Visitor[] = [];
    for (let n = 0; n < 5; n++) visitors.push(await newPendingVisitor());
    const code = await phone.code();
    const answers = await Promise.all(
      visitors.map((visitor) => visitor.post(PAGE, { token: code })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 401, 401, 401, 401]);
    const open = await Promise.all(visitors.map(isSignedIn));
    assert.equal(open.filter(Boolean).length, 1);
  });

  test('a scratch code stands in for a code once, in any case and with spaces', async () => {
    const [one = '', two = ''] = phone.scratchCodes;
    const first = await newPendingVisitor();
    assert.equal(
      (await first.enterCode(` ${one.toLowerCase().slice(0, 4)} ${one.slice(4)}`)).status,
      303,
    );
    assert.equal(await isSignedIn(first), true);
    const second = await newPendingVisitor();
    assert.equal((await second.post(PAGE, { token: one })).status, 401);
    assert.equal((await second.post(PAGE, { token: two })).status, 303);
    const used = ['scratch code used', 'log in'];
    assert.deepEqual(await events(), [...used, 'failed code', ...used]);
  });

  /** Logs in with a code, and closes the browser. */
  async function newTrustedDevice(fields: Record<string, string> = { trust: 'on' }) {
    const visitor = await newPendingVisitor();
    const token = await phone.unusedCode();
    assert.equal((await visitor.post(PAGE, { token, ...fields })).status, 303);
    visitor.closeBrowser();
    return visitor;
  }

  /** Whether a log in from a device needs a code. */
  async function needsCode(device: Visitor): Promise<boolean> {
    const answer = await device.logIn(username);
    assert.equal(answer.status, 303);
    device.closeBrowser();
    return answer.location === PAGE;
  }

  const letDaysPass = (days: number) =>
    sql`update devices set trusted_until = trusted_until - ${days} * interval '1 day'`.execute(
      on.db,
    );

  test('a device that was trusted with a right code needs none for 30 days', async () => {
    const device = await newTrustedDevice();
    assert.equal(await needsCode(device), false);
    await letDaysPass(29);
    assert.equal(await needsCode(device), false);
    await letDaysPass(1);
    assert.equal(await needsCode(device), true);
    assert.equal(await needsCode(await newTrustedDevice({})), true);
  });

  test('a wrong code trusts nothing, and keeps the box checked', async () => {
    const visitor = await newPendingVisitor();
    const CHECKED = /<input type="checkbox" name="trust"[^>]* checked>/;
    assert.doesNotMatch((await visitor.get(PAGE)).body, CHECKED);
    const wrong = { token: await phone.wrongCode(), trust: 'on' };
    assert.match((await visitor.post(PAGE, wrong)).body, CHECKED);
    await visitor.post(PAGE, { token: await phone.code() });
    visitor.closeBrowser();
    assert.equal(await needsCode(visitor), true);
  });

  test("an old cookie of a trusted device, another user's, and a stolen session that waits open nothing", async () => {
    const device = await newTrustedDevice();
    const [[name = '', old = ''] = []] = [...device.cookies];
    assert.equal(await needsCode(device), false);
    const owner = username;
    const half = await newPendingVisitor();
    const thief = on.app.newVisitor();
    thief.cookies.set(name, old);
    assert.equal(await needsCode(thief), true);

    username = await on.app.newUser();
    const ofBob = on.app.newVisitor();
    await ofBob.logIn(username);
    ofBob.closeBrowser();
    const [[nameOfBob = '', valueOfBob = ''] = []] = [...ofBob.cookies];
    username = owner;
    for (const [stolen, value] of [
      [name, valueOfBob],
      [nameOfBob, valueOfBob],
    ] as const) {
      const other = on.app.newVisitor();
      other.cookies.set(stolen, value);
      assert.equal(await needsCode(other), true);
    }

    const cookie = [half.cookieHeader(), device.cookieHeader()].join('; ');
    for (const path of ['/', '/profile', '/profile/authenticate']) {
      assert.match((await thief.get(path, { cookie })).location ?? '', /^\/login/);
    }
  });

  test('ten wrong passwords in a row end the trust of a device', async () => {
    const device = await newTrustedDevice();
    const mistype = async (times: number) => {
      for (let time = 0; time < times; time++) {
        assert.equal((await device.logIn(username, 'mistyped')).status, 401);
      }
    };
    await mistype(9);
    assert.equal(await needsCode(device), false);
    await mistype(10);
    assert.equal(await needsCode(device), true);
  });

  test('trust ends when two-factor authentication is disabled and enabled again', async () => {
    const device = await newTrustedDevice();
    const id = await idOf();
    await on.db.transaction().execute((trx) => disableTwoFactor(trx, id));
    phone = await newPhone(on.db, username);
    assert.equal(await needsCode(device), true);
  });

  const operators: [string, (user: { id: number; username: string }) => Promise<unknown>][] = [
    [
      'sets a password',
      (user) =>
        setPassword(on.db, user, { passwordDigest: PASSWORD_DIGEST, isTemporary: false }, OPERATOR),
    ],
    [
      'disables and enables the user',
      async (user) => {
        await disableUser(on.db, user, OPERATOR);
        await enableUser(on.db, user, OPERATOR);
      },
    ],
  ];
  for (const [what, act] of operators) {
    test(`trust ends when the operator ${what}`, async () => {
      const device = await newTrustedDevice();
      await act({ id: await idOf(), username });
      assert.equal(await needsCode(device), true);
    });
  }

  test('a change of password by its user leaves the device known and not trusted', async () => {
    const device = await newTrustedDevice();
    await device.logIn(username);
    await device.authenticate();
    await device.get('/profile/password');
    const [current_password, new_password] = [PASSWORD, 'a new and better password'];
    const fields = { current_password, new_password, new_password_again: new_password };
    assert.equal((await device.post('/profile/password', fields)).status, 303);
    device.closeBrowser();
    const values = [...device.cookies.values()];
    assert.ok(await recognizeDevice(on.db, username, values));
    assert.equal((await device.logIn(username, new_password)).location, PAGE);
  });

  test('a log in is recorded, makes the device known and forgives failures only after the code', async () => {
    await on.app.newVisitor().logIn(username, 'not the password');
    const counts = async () => {
      const { rows } = await sql<{ failures: number }>`
        select failures from throttle where failures > 0`.execute(on.db);
      return rows.length;
    };
    const previous = async () => {
      const { rows } = await sql<{ at: Date | null }>`
        select log_in_at as at from users where username = ${username}`.execute(on.db);
      return rows[0]?.at;
    };
    const isKnown = async (device: Visitor) =>
      (await recognizeDevice(on.db, username, [...device.cookies.values()])) !== undefined;
    const before = await counts();
    const visitor = await newPendingVisitor();
    assert.equal(await counts(), before);
    assert.equal(await previous(), null);
    assert.equal(await isKnown(visitor), false);
    assert.deepEqual(await events(), ['failed log in']);
    await visitor.enterCode(await phone.code());
    assert.equal(await counts(), before - 1);
    assert.ok(await previous());
    assert.equal(await isKnown(visitor), true);
    assert.deepEqual(await events(), ['failed log in', 'log in']);
  });

  async function setAge(interval: RawBuilder<Date>) {
    await sql`update sessions set created_at = now() - ${interval} where pending_user_id =
      (select id from users where username = ${username})`.execute(on.db);
  }

  const changes: [string, () => Promise<unknown>][] = [
    ['five minutes later', () => setAge(sql`interval '5 minutes'`)],
    [
      'when the password was changed',
      async () => changePasswordDigest(on.db, await idOf(), 'other'),
    ],
    ['when the user was disabled', () => setDisabled(on.db, username, true)],
    [
      'when two-factor authentication was disabled',
      async () => {
        const id = await idOf();
        await on.db.transaction().execute((trx) => disableTwoFactor(trx, id));
      },
    ],
  ];
  for (const [when, change] of changes) {
    test(`the right code opens nothing ${when}, and the page says so`, async () => {
      const visitor = await newPendingVisitor();
      const token = await phone.code();
      await change();
      const answer = await visitor.post(PAGE, { token, next: '/profile' });
      assert.equal(answer.location, '/login?next=%2Fprofile');
      assert.match((await visitor.get('/login')).body, /The login took too long, or your account/);
      assert.equal(await isSignedIn(visitor), false);
    });
  }

  test('a password checked while two-factor authentication is being enabled is not enough', async () => {
    username = await on.app.newUser();
    const visitor = on.app.newVisitor();
    await visitor.get('/login');
    const check = on.app.holdNextPasswordCheck();
    const loggingIn = visitor.post('/login', { username, password: PASSWORD });
    await check.reached;
    phone = await newPhone(on.db, username);
    check.release();
    assert.equal((await loggingIn).location, PAGE);
    assert.equal(await isSignedIn(visitor), false);
  });

  test('wrong codes have a count of their own, for the user in all sessions', async () => {
    const wrong = await phone.wrongCode();
    for (let time = 0; time < 6; time++) {
      const visitor = await newPendingVisitor();
      assert.equal((await visitor.post(PAGE, { token: wrong })).status, 401);
    }
    await sql`update throttle set open_at = open_at + interval '1 hour' where open_at > updated_at`.execute(
      on.db,
    );
    // The password is still checked without a wait.
    const visitor = await newPendingVisitor();
    const answer = await visitor.post(PAGE, { token: await phone.code() });
    assert.equal(answer.status, 429);
    assert.match(answer.body, /Too many failed attempts\. Try again in/);
    assert.ok(Number(answer.headers.get('retry-after')) > 3_000);
    assert.equal(await isSignedIn(visitor), false);
    assert.equal((await events()).at(-1), 'rate limited');

    await sql`update throttle set open_at = updated_at`.execute(on.db);
    assert.equal((await visitor.post(PAGE, { token: await phone.unusedCode() })).status, 303);
    const after = await newPendingVisitor();
    for (let time = 0; time < 5; time++) await after.post(PAGE, { token: wrong });
    assert.equal((await after.post(PAGE, { token: await phone.unusedCode() })).status, 303);
  });

  for (const [what, encryptionKeys] of [
    ['with another key', ['another key, which has 32 characters']],
    ['without a key', []],
  ] as const) {
    test(`an app ${what} still asks for a code, and accepts a scratch code`, async () => {
      const app = await startApp(on.db, { encryptionKeys: [...encryptionKeys] });
      const visitor = await newPendingVisitor({ app });
      assert.equal((await visitor.post(PAGE, { token: await phone.code() })).status, 401);
      assert.equal(await isSignedIn(visitor), false);
      assert.equal((await visitor.post(PAGE, { token: phone.scratchCodes[0] ?? '' })).status, 303);
      assert.equal(await isSignedIn(visitor), true);
      await app.close();
    });
  }

  test('a success encrypts the secret with the first key', async () => {
    const encryptionKeys = ['a newer key, which has 32 characters', ENCRYPTION_KEY];
    const both = await startApp(on.db, { encryptionKeys });
    await (await newPendingVisitor({ app: both })).enterCode(await phone.code());
    await both.close();
    const old = await newPendingVisitor();
    assert.equal((await old.post(PAGE, { token: await phone.unusedCode() })).status, 401);
    const onlyNew = await startApp(on.db, { encryptionKeys: encryptionKeys.slice(0, 1) });
    const visitor = await newPendingVisitor({ app: onlyNew });
    assert.equal((await visitor.post(PAGE, { token: await phone.unusedCode() })).status, 303);
    await onlyNew.close();
  });

  test('an old form token leads back to the form, and nothing is done', async () => {
    const visitor = await newPendingVisitor();
    const token = await phone.code();
    const answer = await visitor.post(
      PAGE,
      { _csrf: 'old', token },
      { 'sec-fetch-site': 'same-origin' },
    );
    assert.equal(answer.status, 303);
    assert.match(answer.location ?? '', /^\/login\/two-factor\?/);
    assert.equal((await visitor.enterCode(token)).status, 303);
  });
});
