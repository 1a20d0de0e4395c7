// Without PostgreSQL: the embedded database, in its folder.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { openDatabase } from '../../db/database.ts';
import { RunningProcess } from '../../server/test-processes.ts';
import { Visitor } from '../../server/testing.ts';
import { assertKept, assertWholeIn, Owner } from './ledger.ts';
import { freePort } from './places.ts';

const KILLS = 5;
const OPERATIONS = 100;
const PASSWORD = 'of the first user';

const folder = mkdtempSync(path.join(tmpdir(), 'embedded-'));
const running: RunningProcess[] = [];
after(async () => {
  for (const app of running) {
    app.child.kill('SIGKILL');
    if (app.child.signalCode === null && app.child.exitCode === null) await once(app.child, 'exit');
  }
  rmSync(folder, { recursive: true });
});

function run(env: Record<string, string>, by: string[] = []): RunningProcess {
  const app = new RunningProcess({ FIRST_PASSWORD: PASSWORD, ...env }, by);
  running.push(app);
  return app;
}

/** The first user, who has logged in once for several who write at the same time. */
async function signIn(origin: string): Promise<Visitor> {
  const visitor = new Visitor(origin);
  assert.equal((await visitor.logIn('linodedemo', PASSWORD)).status, 303);
  assert.equal((await visitor.authenticate(PASSWORD)).status, 303);
  return visitor;
}

test(`killed ${KILLS} times during writes, it keeps all it has acknowledged, and no lock is stale`, async () => {
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

  await assertWholeIn(owners, async () => {
    app.child.kill('SIGTERM');
    assert.equal(await app.exitCode(), 0);
    return openDatabase({ folder: DATA_DIR });
  });
});

test('a second process is refused, and harms nothing', async () => {
  const DATA_DIR = path.join(folder, 'shared');
  const app = run({ DATA_DIR });
  const origin = await app.started();
  const owner = new Owner(await signIn(origin));
  for (let n = 0; n < 3; n++) {
    const [second] = await Promise.all([run({ DATA_DIR }).exit(), owner.create(), owner.create()]);
    assert.equal(second.code, 1);
    assert.match(second.output, /^The database in \S+ is open in another process\./);
  }
  assert.equal(owner.active.length, 6);
  await assertKept(origin, [owner]);
});

test('a read-only folder ends it with 1 and a sentence', async () => {
  const used = path.join(folder, 'used');
  const app = run({ DATA_DIR: used });
  await app.started();
  app.child.kill('SIGTERM');
  assert.equal(await app.exitCode(), 0);
  const empty = path.join(folder, 'empty');
  mkdirSync(empty);

  for (const DATA_DIR of [used, empty, path.join(empty, 'new')]) {
    if (existsSync(DATA_DIR)) spawnSync('chmod', ['-R', 'a-w', DATA_DIR]);
    const { code, output } = await run({ DATA_DIR }, asOrdinaryUser).exit();
    assert.equal(code, 1, output);
    assert.match(output, /^The folder \S+ can't be written to/);
    assert.doesNotMatch(output, /\bat .+:\d+:\d+/);
  }
  spawnSync('chmod', ['-R', 'u+w', used, empty]);
});

/** Nothing is read-only for root, but for a root without these capabilities it is. */
const asOrdinaryUser =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
