import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { codes, envelope } from '../testing/api.ts';
import { startApp } from '../testing/app.ts';
import { describeProxiedApp } from '../testing/describe-app.ts';
import { PASSWORD } from '../testing/users.ts';
import type { Visitor } from '../testing/visitor.ts';

const HOME = '203.0.113.1';
const ELSEWHERE = '198.51.100.1';
const NEW = 'a new and better password';

describeProxiedApp('rate limit', (on) => {
  /** An unknown device that has loaded the form; a refused log in shows the form again. */
  let stranger: Visitor;
  before(async () => {
    stranger = on.app.newVisitor();
    await stranger.get('/login');
  });

  /** Tries to log in from an address, on a device that is unknown where none is given. */
  async function attempt(
    username: string,
    ip: string,
    password = 'a wrong password',
    visitor = on.app.newVisitor(),
  ) {
    await visitor.get('/login', { 'x-forwarded-for': ip });
    return postLogIn(visitor, username, ip, password);
  }

  function postLogIn(visitor: Visitor, username: string, ip: string, password: string) {
    const fields = { username, password, next: '/profile' };
    return visitor.post('/login', fields, { 'x-forwarded-for': ip });
  }

  /** A device that a user has logged in from, signed out. */
  async function newDevice(username: string, ip = HOME): Promise<Visitor> {
    const visitor = on.app.newVisitor();
    assert.equal((await attempt(username, ip, PASSWORD, visitor)).status, 303);
    visitor.closeBrowser();
    return visitor;
  }

  /** Asks the API for a key, and returns the codes of the errors. */
  async function call(username: string, ip: string, password = 'a wrong password') {
    const credentials = { api_action: 'user.getapikey', username, password };
    const response = await fetch(`${on.app.origin}/api/`, {
      method: 'POST',
      body: new URLSearchParams(credentials),
      headers: { 'x-forwarded-for': ip },
    });
    return codes([envelope(await response.json())])[0];
  }

  async function fail(times: number, username: string, ip: string) {
    for (let time = 0; time < times; time++) {
      assert.equal((await postLogIn(stranger, username, ip, 'a wrong password')).status, 401);
    }
  }

  const letTimePass = (interval: string) =>
    on.db
      .updateTable('throttle')
      .set({
        open_at: sql<Date>`open_at - ${interval}::interval`,
        updated_at: sql<Date>`updated_at - ${interval}::interval`,
      })
      .execute();

  /**
   * The wait that the last failure has set, in seconds. Makes it an hour longer, so that it does not
   * end while the test runs.
   */
  async function lastWait(): Promise<number | undefined> {
    const last = await on.db
      .selectFrom('throttle')
      .select(sql<number>`extract(epoch from open_at - updated_at)::int`.as('seconds'))
      .orderBy('updated_at', 'desc')
      // The address and the account may have been counted in the same millisecond.
      .orderBy('open_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    await on.db
      .updateTable('throttle')
      .set({ open_at: sql<Date>`open_at + interval '1 hour'` })
      .whereRef('open_at', '>', 'updated_at')
      .execute();
    return last?.seconds;
  }

  async function mustWait(username: string, ip: string, password = 'a wrong password') {
    const answer = await postLogIn(stranger, username, ip, password);
    assert.equal(answer.status, 429);
    const seconds = Number(answer.headers.get('retry-after'));
    assert.ok(seconds > 3_000 && seconds < 5_000, `${seconds}`);
    return answer;
  }

  test('after six failures the form says when to try again, and keeps all but the password', async () => {
    const username = await on.app.newUser();
    await fail(6, username, ELSEWHERE);
    assert.equal(await lastWait(), 1);
    const answer = await mustWait(username, ELSEWHERE, PASSWORD);
    assert.match(answer.body, /Too many failed attempts\. Try again in 6\d minutes\./);
    assert.match(answer.body, new RegExp(`name="username" value="${username}"`));
    assert.match(answer.body, /name="next" value="\/profile"/);
    assert.ok(!answer.body.includes(PASSWORD));
    await letTimePass('2 hours');
    assert.equal((await attempt(username, ELSEWHERE, PASSWORD)).status, 303);
  });

  test('the wait grows, up to 15 minutes, and a right password ends it', async () => {
    const username = await on.app.newUser();
    const addresses = Array.from({ length: 18 }, (_, index) => `198.51.100.${index + 10}`);
    const waits = [];
    for (const address of addresses) {
      await fail(1, username, address);
      waits.push(await lastWait());
      await letTimePass('2 hours');
    }
    assert.deepEqual(waits.slice(0, 9), [0, 0, 0, 0, 0, 1, 2, 4, 8]);
    assert.deepEqual(waits.slice(-2), [900, 900]);
    assert.equal((await attempt(username, ELSEWHERE, PASSWORD)).status, 303);
    await fail(5, username, HOME);
  });

  test('guesses from 1,000 addresses never delay the owner at a known device, at any address', async () => {
    const username = await on.app.newUser();
    const device = await newDevice(username);
    const addresses = Array.from(
      { length: 1_000 },
      (_, n) => `198.51.${100 + Math.floor(n / 250)}.${n % 250}`,
    );
    const guess = (ip: string) => postLogIn(stranger, username, ip, 'a guess');
    const refused = { tried: 0, waiting: 0 };
    for (let n = 0; n < addresses.length; n += 50) {
      for (const { status } of await Promise.all(addresses.slice(n, n + 50).map(guess))) {
        assert.ok(status === 401 || status === 429, `${status}`);
        refused[status === 401 ? 'tried' : 'waiting']++;
      }
    }
    assert.ok(refused.waiting > 950, `${refused.tried} were tried`);
    await lastWait();

    const [hostile = ''] = addresses;
    await mustWait(username, HOME, PASSWORD);
    for (const ip of [HOME, '203.0.113.200', hostile, 'unknown']) {
      assert.equal((await attempt(username, ip, 'mistyped', device)).status, 401);
      assert.equal((await attempt(username, ip, PASSWORD, device)).status, 303);
      device.closeBrowser();
    }
  });

  test('after ten failures in a row a device is unknown again', async () => {
    const username = await on.app.newUser();
    const device = await newDevice(username);
    const fail = async () =>
      assert.equal((await attempt(username, HOME, 'mistyped', device)).status, 401);
    for (let time = 0; time < 9; time++) await fail();
    assert.equal((await attempt(username, HOME, PASSWORD, device)).status, 303);
    device.closeBrowser();
    // From now on the device is limited like an unknown one: six more are tried, then it has to wait.
    for (let time = 0; time < 10 + 6; time++) await fail();
    await lastWait();
    assert.equal((await attempt(username, HOME, PASSWORD, device)).status, 429);
  });

  test('failures on a device make no other device wait, and no address', async () => {
    const username = await on.app.newUser();
    const device = await newDevice(username);
    for (let time = 0; time < 9; time++) await attempt(username, HOME, 'mistyped', device);
    await fail(6, username, HOME);
  });

  test("an old cookie of a device, another user's and an invented one count as none", async () => {
    const username = await on.app.newUser();
    const device = await newDevice(username);
    const [name = '', old = ''] = [...device.cookies][0] ?? [];
    assert.match(name, /^device-\d+-[0-9a-f]{12}$/);
    await attempt(username, HOME, PASSWORD, device);
    const ofBob = await newDevice(await on.app.newUser());
    const [nameOfBob = '', valueOfBob = ''] = [...ofBob.cookies][0] ?? [];
    await fail(6, username, ELSEWHERE);
    await lastWait();
    for (const [stolen, value] of [
      [name, old],
      [name, valueOfBob],
      [nameOfBob, valueOfBob],
      [name, 'invented'],
    ] as const) {
      const thief = on.app.newVisitor();
      thief.cookies.set(stolen, value);
      assert.equal((await attempt(username, HOME, PASSWORD, thief)).status, 429);
    }
  });

  test('a change of password leaves only its own device known', async () => {
    const username = await on.app.newUser();
    const device = await newDevice(username);
    const visitor = await on.app.signIn(username);
    await visitor.get('/profile/password');
    const changed = await visitor.post('/profile/password', {
      current_password: PASSWORD,
      new_password: NEW,
      new_password_again: NEW,
    });
    assert.equal(changed.status, 303);
    visitor.closeBrowser();
    for (let n = 0; n < 6; n++) await fail(1, username, `198.51.100.${n}`);
    await lastWait();
    assert.equal((await attempt(username, HOME, NEW, device)).status, 429);
    assert.equal((await attempt(username, HOME, NEW, visitor)).status, 303);
  });

  test('a right password sent to the API makes its address known to the API, and to no page', async () => {
    const username = await on.app.newUser();
    assert.equal(await call(username, HOME, PASSWORD), 0);
    assert.equal((await attempt(username, ELSEWHERE, PASSWORD)).status, 303);
    for (let n = 0; n < 6; n++) await fail(1, username, `198.51.100.${n}`);
    await lastWait();
    await mustWait(username, HOME, PASSWORD);
    assert.equal(await call(username, ELSEWHERE, PASSWORD), 14);
    assert.equal(await call(username, HOME, PASSWORD), 0);
  });

  test('a known address has its own, short wait', async () => {
    const username = await on.app.newUser();
    await call(username, HOME, PASSWORD);
    const failCall = async () => assert.equal(await call(username, HOME), 4);
    for (let time = 0; time < 10; time++) await failCall();
    assert.equal(await lastWait(), 0);
    const waits = [];
    for (let time = 0; time < 7; time++) {
      await failCall();
      waits.push(await lastWait());
      await letTimePass('2 hours');
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 30, 30]);
  });

  test('many names from one address make the address wait, IPv6 by its network', async () => {
    for (const network of ['192.0.2.9', '2001:db8:1:2::']) {
      const address = (n: number) => (network.includes(':') ? `${network}${n + 1}` : network);
      for (let n = 0; n < 21; n++) {
        await fail(1, `nobody${network.length}-${n}`, address(n));
      }
      await lastWait();
      await mustWait(await on.app.newUser(), address(99), PASSWORD);
    }
    assert.equal((await attempt(await on.app.newUser(), '2001:db8:1:3::1', PASSWORD)).status, 303);
  });

  for (const [size, free, address] of [
    ['/56', 40, (n: number) => `2001:db8:5:a${String(n % 32).padStart(2, '0')}::1`],
    ['/48', 100, (n: number) => `2001:db8:6:${n % 60}00::1`],
  ] as const) {
    test(`after ${free} failures an IPv6 ${size} waits, however many /64 networks it has`, async () => {
      for (let n = 0; n <= free; n++) await fail(1, `junk${free}-${n}`, address(n));
      await lastWait();
      await mustWait(await on.app.newUser(), address(31), PASSWORD);
    });
  }

  test("no user name is counted as another's known address", async () => {
    const username = await on.app.newUser();
    assert.equal(await call(username, HOME, PASSWORD), 0);
    for (let n = 0; n < 12; n++) {
      await attempt(`${username} at ${HOME}`, `198.51.100.${n}`);
      await letTimePass('2 hours');
    }
    for (let time = 0; time < 10; time++) assert.equal(await call(username, HOME), 4);
    assert.equal(await call(username, HOME, PASSWORD), 0);
  });

  test('requests without an address make only such requests for the same name wait', async () => {
    const username = await on.app.newUser();
    for (let n = 0; n < 25; n++) await fail(1, `no-address-${n}`, 'unknown');
    await fail(6, username, 'unknown');
    await lastWait();
    await mustWait(username, 'unknown', PASSWORD);
    assert.equal((await attempt(username, ELSEWHERE, PASSWORD)).status, 303);
    assert.equal((await attempt(await on.app.newUser(), 'unknown', PASSWORD)).status, 303);
  });

  test('an attempt that is refused is not counted', async () => {
    const username = await on.app.newUser();
    for (let n = 0; n < 6; n++) await fail(1, username, `198.51.100.${n}`);
    await lastWait();
    for (let time = 0; time < 25; time++) await mustWait(username, '203.0.113.99');
    assert.equal((await attempt(await on.app.newUser(), '203.0.113.99', PASSWORD)).status, 303);
  });

  test('a log in that finds no place in the queue does not count', async () => {
    const username = await on.app.newUser();
    const giveBack = on.app.takePasswordPlaces('known', 80);
    for (let time = 0; time < 7; time++) {
      assert.equal((await attempt(username, ELSEWHERE, PASSWORD)).status, 503);
    }
    await giveBack();
    assert.equal((await attempt(username, ELSEWHERE, PASSWORD)).status, 303);
  });

  test('a log in that fails with an error does not count', async () => {
    const username = await on.app.newUser();
    const digest = 'no digest, and 60 characters'.padEnd(60);
    await sql`update users set password_digest = ${digest} where username = ${username}`.execute(
      on.db,
    );
    for (let time = 0; time < 7; time++) {
      assert.equal((await attempt(username, ELSEWHERE)).status, 500);
    }
  });

  test('a refused attempt gives its place back at once', async () => {
    const username = await on.app.newUser();
    for (let n = 0; n < 6; n++) await fail(1, username, `198.51.100.${n}`);
    await lastWait();
    const giveBack = on.app.takePasswordPlaces('new', 63);
    for (let time = 0; time < 3; time++) await mustWait(username, ELSEWHERE);
    await giveBack();
  });

  test('junk names from four networks leave a known device its place', {
    timeout: 60_000,
  }, async () => {
    const username = await on.app.newUser();
    const device = await newDevice(username);
    const { reached, release } = on.app.holdPasswordChecks();
    const junk = (n: number) => attempt(`junk${n}`, `2001:db8:${n % 4}::${n + 1}`);
    const waiting = [];
    for (let n = 0; n < 64; n++) {
      waiting.push(junk(n));
      await reached(n + 1);
    }
    for (let n = 64; n < 68; n++) assert.equal((await junk(n)).status, 503);
    const logIn = attempt(username, '2001:db8:1::99', PASSWORD, device);
    await reached(65);
    release();
    assert.equal((await logIn).status, 303);
    for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 401);
  });

  test('an unknown name waits as a known one does', async () => {
    await fail(6, 'nobody-at-all', '198.51.100.210');
    assert.equal(await lastWait(), 1);
    await mustWait('Nobody-At-All', '198.51.100.211');
  });

  test('thirty attempts at once do not exceed the limit', async () => {
    const username = await on.app.newUser();
    const start = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => attempt(username, `198.51.100.${100 + n}`)),
    );
    const tried = answers.filter((answer) => answer.status === 401).length;
    // Each wait that passes while the thirty are answered, 1 s or longer, lets one more in.
    const seconds = Math.floor((performance.now() - start) / 1_000);
    assert.ok(tried >= 6 && tried <= 6 + seconds, `${tried} were tried in ${seconds} s`);
  });

  test('it holds in another process, and without TRUST_PROXY a forged address changes nothing', async () => {
    const username = await on.app.newUser();
    await fail(6, username, '198.51.100.220');
    await lastWait();
    const other = await startApp(on.db);
    const visitor = other.newVisitor();
    await visitor.get('/login');
    for (const ip of ['203.0.113.50', '203.0.113.51']) {
      const forged = { 'x-forwarded-for': ip };
      const answer = await visitor.post('/login', { username, password: PASSWORD }, forged);
      assert.equal(answer.status, 429);
    }
    await other.close();
  });

  test('Authenticate and Change Password are rate-limited too, and the field says so', async () => {
    const username = await on.app.newUser();
    const visitor = await on.app.signIn(username);
    // Ten on the known device, and then six as on an unknown one.
    for (let time = 0; time < 10 + 6; time++) {
      assert.equal((await visitor.authenticate('a wrong password')).status, 401);
    }
    assert.equal(await lastWait(), 1);
    const answer = await visitor.authenticate();
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.headers.get('retry-after')) > 3_000);
    assert.match(answer.body, /id="password-problem">Too many failed attempts/);
    await visitor.get('/profile/password');
    const fields = { current_password: PASSWORD, new_password: 'x', new_password_again: 'x' };
    assert.equal((await visitor.post('/profile/password', fields)).status, 429);
    await letTimePass('2 hours');
    assert.equal((await visitor.authenticate()).status, 303);
  });

  test('refused attempts are counted under Activity, whatever they were for', async () => {
    const username = await on.app.newUser();
    const owner = await on.app.signIn(username);
    assert.equal((await owner.authenticate()).status, 303);
    await fail(6, username, '2001:db8:7:1::1');
    await lastWait();
    await mustWait(username.toUpperCase(), '2001:db8:7:1::1', PASSWORD);
    assert.equal(await call(username, '2001:db8:7:1::2', PASSWORD), 14);
    const { body } = await owner.get('/profile/activity');
    assert.deepEqual(body.match(/>Rate limited \(.*?\)</g), ['>Rate limited (2 refused)<']);
  });

  test('user names are not kept in the table', async () => {
    await attempt('my-secret-password', ELSEWHERE);
    const { rows } = await sql<{ row: string }>`select t::text as row from throttle t`.execute(
      on.db,
    );
    assert.ok(rows.length > 0 && rows.every(({ row }) => !row.includes('my-secret')));
  });
});
