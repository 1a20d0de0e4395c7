// Faults of the app on the embedded database, and of its folder.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from '../../db/database.ts';
import { until } from '../../db/testing/until.ts';
import { freePort, RunningProcess } from '../../server/testing/processes.ts';
import { Visitor } from '../../server/testing/visitor.ts';
import { assertCompleteIn, assertKept, check, Owner } from './ledger.ts';

const KILLS = 3;
const OPERATIONS = 60;
const PASSWORD = 'the password of the first user';

const folder = mkdtempSync(path.join(tmpdir(), 'embedded-'));
const running: RunningProcess[] = [];
after(async () => {
  await Promise.all(running.map((app) => app.kill()));
  rmSync(folder, { recursive: true });
});

function run(env: Record<string, string>, by: string[] = []): RunningProcess {
  const app = new RunningProcess({ FIRST_PASSWORD: PASSWORD, ...env }, by);
  running.push(app);
  return app;
}

/** Logs in the first user; several owners share this session and write at the same time. */
async function signIn(origin: string): Promise<Visitor> {
  const visitor = new Visitor(origin);
  assert.equal((await visitor.logIn('linodedemo', PASSWORD)).status, 303);
  assert.equal((await visitor.authenticate(PASSWORD)).status, 303);
  return visitor;
}

test(`killed ${KILLS} times during writes, the app keeps all it has acknowledged and leaves no stale lock`, async () => {
  const DATA_DIR = path.join(folder, 'killed');
  const env = { DATA_DIR, PORT: await freePort() };
  let app = run(env);
  const origin = await app.started();
  const visitor = await signIn(origin);
  const owners = [1, 2].map(() => new Owner(visitor));
  const sum = () => owners.reduce((total, owner) => total + owner.acknowledged, 0);

  for (let kill = 1; kill <= KILLS; kill++) {
    const { child } = app;
    await Promise.all(
      owners.map(async (owner) => {
        while (!child.killed) {
          await owner.act();
          if (sum() >= (OPERATIONS / KILLS) * kill) child.kill('SIGKILL');
          else assert.equal(child.exitCode, null, app.output);
        }
      }),
    );
    if (child.signalCode === null) await once(child, 'exit');
    app = run(env);
    await app.started();
    await assertKept(origin, owners);
  }

  await assertCompleteIn(owners, async () => {
    app.child.kill('SIGTERM');
    assert.equal(await app.exitCode(), 0);
    return openDatabase({ folder: DATA_DIR });
  });
});

test('a second process on the folder is refused, and no data is lost', async () => {
  const DATA_DIR = path.join(folder, 'shared');
  const app = run({ DATA_DIR });
  const origin = await app.started();
  const owner = new Owner(await signIn(origin));
  const second = run({ DATA_DIR });
  const refused = second.exit();
  do {
    const status = await owner.act();
    assert.ok(status === 200 || status === 204, `a change was answered ${status}`);
  } while (second.child.exitCode === null);
  const { code, output } = await refused;
  assert.equal(code, 1);
  assert.match(output, /^The database in \S+ is open in another process\./);
  await assertKept(origin, [owner]);
});

test('on a read-only folder the app exits with 1 and an explanation', async () => {
  const used = path.join(folder, 'used');
  await (await openDatabase({ folder: used })).destroy();
  const empty = path.join(folder, 'empty');
  mkdirSync(empty);

  for (const DATA_DIR of [used, empty, path.join(empty, 'new')]) {
    if (existsSync(DATA_DIR)) spawnSync('chmod', ['-R', 'a-w', DATA_DIR]);
    const { code, output } = await run({ DATA_DIR }, asOrdinaryUser).exit();
    assert.equal(code, 1, output);
    assert.match(output, /^The folder \S+ can't be used \(E[A-Z]+\)/);
    assert.doesNotMatch(output, /\bat .+:\d+:\d+/);
  }
  spawnSync('chmod', ['-R', 'u+w', used, empty]);
});

test('on a disk that is too small the app exits with 1 and an explanation', async () => {
  const DATA_DIR = path.join(folder, 'small');
  const { code, output } = await run({ DATA_DIR }, ['prlimit', '--fsize=1048576']).exit();
  assert.equal(code, 1, output);
  assert.match(output, /^No database can be created in \S+ \(.+\)\. Make sure that the disk/);
  assert.doesNotMatch(output, /\bat .+:\d+:\d+/);
  // The incomplete database does not prevent the next start.
  await (await openDatabase({ folder: DATA_DIR })).destroy();
});

test('a full disk is an error for writes and does not affect reads', async () => {
  const DATA_DIR = path.join(folder, 'full');
  const db = await openDatabase({ folder: DATA_DIR });
  // This makes the table's file larger than the limit below, which no other file reaches, so its
  // next page is refused. Eight rows fill a page.
  await sql`insert into events (kind, user_agent)
    select 'log in', repeat('-', 950) from generate_series(1, 18_000)`.execute(db);
  await db.destroy();
  const env = { DATA_DIR, PORT: await freePort() };
  let app = run(env);
  const origin = await app.started();
  const owner = new Owner(await signIn(origin));
  const act = async () => owner.create().then(async (status) => (await owner.remove()) ?? status);
  assert.equal(await owner.create(), 200);
  const [secret = ''] = owner.active;
  owner.active.length = 0;

  limitFiles(app, `${FULL_AT_BYTES}`);
  await until('a change is refused', async () => {
    const status = await act();
    // A full disk would be 503; a file that is too large is an unexpected error.
    assert.ok([200, 204, 500].includes(status ?? 0), `a change was answered ${status}`);
    return status === 500;
  });
  assert.equal(await check(origin, secret), '204');
  assert.equal((await owner.visitor.get('/profile/api-keys')).status, 200);

  limitFiles(app, 'unlimited');
  owner.active.push(secret);
  assert.equal(await owner.create(), 200);
  await app.kill();
  app = run(env);
  await app.started();
  await assertKept(origin, [owner]);
});

/** PostgreSQL's own files, 16 MB each, still fit. */
const FULL_AT_BYTES = 16 * 1024 * 1024;

/** Simulates a full disk: no file of the process may grow beyond this many bytes. */
function limitFiles({ child }: RunningProcess, bytes: string): void {
  const set = spawnSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`]);
  assert.equal(set.status, 0, String(set.stderr));
}

/** Root ignores read-only permissions unless it lacks these capabilities. */
const asOrdinaryUser =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
