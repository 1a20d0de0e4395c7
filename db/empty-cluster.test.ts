import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
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
import { pathToFileURL } from 'node:url';

/** A copy of the parts of the project that the embedded database needs. */
const checkout = mkdtempSync(path.join(tmpdir(), 'empty-cluster-'));
const cache = path.join(checkout, 'node_modules/.cache');

describe('the empty cluster that is kept beside the packages', () => {
  let emptyCluster: typeof import('./empty-cluster.ts');
  let embedded: typeof import('./embedded.ts');
  before(async () => {
    cpSync(import.meta.dirname, path.join(checkout, 'db'), { recursive: true });
    mkdirSync(path.join(checkout, 'node_modules'));
    writeFileSync(path.join(checkout, 'package.json'), '{"type":"module"}');
    symlinkSync(
      path.resolve(import.meta.dirname, '../node_modules/@electric-sql'),
      path.join(checkout, 'node_modules/@electric-sql'),
    );
    // In this process, since each other process would compile PGlite again.
    emptyCluster = await import(urlOf('db/empty-cluster.ts'));
    embedded = await import(urlOf('db/embedded.ts'));
  });
  after(() => rmSync(checkout, { recursive: true }));

  test('two processes that create it at once leave it complete, and new databases are copies of it', async () => {
    // --liftoff-only halves the time of `initdb`, most of whose code runs too seldom to be worth optimizing.
    const makers = [1, 2].map(() => start(['--liftoff-only', 'db/empty-cluster.ts']));
    const codes = await Promise.all(makers.map((maker) => once(maker, 'close')));
    assert.deepEqual(codes.flat(), [0, null, 0, null]);
    assert.match(readdirSync(cache).join(), /^empty-cluster-[\d.]+\.tar\.zst$/);
    // `initdb` gives each cluster an identifier of its own.
    assert.equal(await identify('with'), await identify());
  });

  test('a process killed while it creates a database leaves nothing that stops the next', async () => {
    const folder = path.join(checkout, 'killed');
    const killed = start([
      '--input-type=module',
      '--eval',
      `import { openEmbedded } from './db/embedded.ts'; await openEmbedded('killed');`,
    ]);
    while (!existsSync(path.join(folder, 'postgres.new/PG_VERSION'))) {
      assert.equal(killed.exitCode, null);
      await setTimeout(2);
    }
    killed.kill('SIGKILL');
    await once(killed, 'close');
    assert.ok(!existsSync(path.join(folder, 'postgres')));
    await identify('killed');
    assert.deepEqual(readdirSync(folder).sort(), ['lock', 'postgres']);
  });

  test('a damaged file is not used', () => {
    const isUsed = () => emptyCluster.readEmptyCluster() !== undefined;
    assert.ok(isUsed());
    const file = path.join(cache, readdirSync(cache)[0] ?? '');
    const bytes = readFileSync(file);
    const flipped = bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte));
    for (const damaged of [bytes.subarray(0, -1), Buffer.from('not at all'), flipped]) {
      writeFileSync(file, damaged);
      assert.ok(!isUsed());
    }
  });

  /** Opens a database, in memory without a folder, and returns the identifier of its cluster. */
  async function identify(folder?: string): Promise<string> {
    const pglite = await embedded.openEmbedded(folder && path.join(checkout, folder));
    const { rows } = await pglite.query<{ id: string }>(
      'select system_identifier::text as id from pg_control_system()',
    );
    await pglite.close();
    return rows[0]?.id ?? '';
  }
});

function urlOf(file: string): string {
  return pathToFileURL(path.join(checkout, file)).href;
}

function start(args: string[]): ChildProcess {
  return spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'ignore', 'inherit'] });
}
