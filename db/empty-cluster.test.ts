import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

/** A checkout of its own, as far as the embedded database goes. */
const checkout = mkdtempSync(path.join(tmpdir(), 'empty-cluster-'));
const cache = path.join(checkout, 'node_modules/.cache');

describe('the empty cluster that is kept beside the packages', () => {
  before(() => {
    cpSync(import.meta.dirname, path.join(checkout, 'db'), { recursive: true });
    mkdirSync(path.join(checkout, 'node_modules'));
    writeFileSync(path.join(checkout, 'package.json'), '{"type":"module"}');
    symlinkSync(
      path.resolve(import.meta.dirname, '../node_modules/@electric-sql'),
      path.join(checkout, 'node_modules/@electric-sql'),
    );
  });
  after(() => rmSync(checkout, { recursive: true }));

  test('two processes that create it at once leave it complete, and new databases are copies of it', async () => {
    const makers = [1, 2].map(() => start(['db/empty-cluster.ts']));
    const codes = await Promise.all(makers.map((maker) => once(maker, 'close')));
    assert.deepEqual(codes.flat(), [0, null, 0, null]);
    assert.match(readdirSync(cache).join(), /^empty-cluster-[\d.]+\.tar\.zst$/);
    // `initdb` gives each cluster an identifier of its own.
    assert.equal(open('with'), open());
  });

  test('a process killed while it creates a database leaves nothing that stops the next', async () => {
    const folder = path.join(checkout, 'killed');
    const killed = start(evaluating(opening('killed')));
    while (!existsSync(path.join(folder, 'postgres.new/PG_VERSION'))) {
      assert.equal(killed.exitCode, null);
      await setTimeout(2);
    }
    killed.kill('SIGKILL');
    await once(killed, 'close');
    assert.ok(!existsSync(path.join(folder, 'postgres')));
    open('killed');
    assert.deepEqual(readdirSync(folder).sort(), ['lock', 'postgres']);
  });

  test('damaged, it is not used', () => {
    const isUsed = () =>
      evaluate(`
        import { readEmptyCluster } from './db/empty-cluster.ts';
        console.log(readEmptyCluster() !== undefined);`).trim();
    assert.equal(isUsed(), 'true');
    const file = path.join(cache, readdirSync(cache)[0] ?? '');
    const bytes = readFileSync(file);
    const flipped = bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte));
    for (const damaged of [bytes.subarray(0, -1), Buffer.from('not at all'), flipped]) {
      writeFileSync(file, damaged);
      assert.equal(isUsed(), 'false');
    }
  });
});

/** Opens a database, in memory without a folder, and returns the identifier of its cluster. */
function open(folder?: string): string {
  return evaluate(opening(folder));
}

function opening(folder?: string): string {
  return `
    import { openEmbedded } from './db/embedded.ts';
    const pglite = await openEmbedded(${JSON.stringify(folder)});
    const { rows } = await pglite.query('select system_identifier from pg_control_system()');
    console.log(rows[0].system_identifier);
    await pglite.close();`;
}

/** What a module prints. */
function evaluate(program: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, evaluating(program), {
    cwd: checkout,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

function evaluating(program: string): string[] {
  return ['--input-type=module', '--eval', program];
}

function start(args: string[]): ChildProcess {
  return spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'ignore', 'inherit'] });
}
