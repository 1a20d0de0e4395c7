import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { FolderInUse, FolderUnusable } from './data-folder.ts';
import { openEmbedded } from './embedded.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'embedded-'));
after(() => rmSync(folder, { recursive: true }));

/** A process that has opened the folder and written to it. */
function openInAnotherProcess(): Promise<ChildProcess> {
  return startAnotherProcess(`
    import { openEmbedded } from ${JSON.stringify(import.meta.resolve('./embedded.ts'))};
    const pglite = await openEmbedded(${JSON.stringify(folder)});
    await pglite.exec('create table if not exists kept (n int); insert into kept values (1)');`);
}

/** A process that has the folder's lock. */
function lockInAnotherProcess(): Promise<ChildProcess> {
  return startAnotherProcess(`
    import { lockFolder } from ${JSON.stringify(import.meta.resolve('./data-folder.ts'))};
    await lockFolder(${JSON.stringify(folder)});`);
}

/** Resolves when the process has run the beginning of its program; then the process keeps running. */
async function startAnotherProcess(beginning: string): Promise<ChildProcess> {
  const program = `${beginning}
    console.log('started');
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(other.stdout, 'data');
  return other;
}

test('a folder that another process has open is refused, and opens after that process is killed', async () => {
  const other = await openInAnotherProcess();
  try {
    await assert.rejects(openEmbedded(folder), FolderInUse);
    await assert.rejects(openEmbedded(folder), /open in another process/);
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }

  const pglite = await openEmbedded(folder);
  const { rows } = await pglite.query('select n from kept');
  await pglite.close();
  assert.deepEqual(rows, [{ n: 1 }]);
});

test('a process whose lock file is removed stops, and the next process waits until then', async () => {
  const other = await lockInAnotherProcess();
  assert.ok(other.stderr);
  const output = text(other.stderr);
  const exit = once(other, 'exit');
  rmSync(path.join(folder, 'lock'));
  const start = performance.now();
  const pglite = await openEmbedded(folder);
  const waited = performance.now() - start;
  await pglite.close();
  assert.ok(waited >= 2_990, `It waited for ${waited} ms.`);
  assert.deepEqual(await exit, [1, null]);
  assert.match(await output, /^The file \S+lock was removed or replaced, .* Start it again\.\n$/);
});

test('a folder that others can read becomes private', async () => {
  chmodSync(folder, 0o755);
  await (await openEmbedded(folder)).close();
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

const unusable: [string, (inside: string) => void][] = [
  ['with files of something else', (inside) => writeFileSync(path.join(inside, 'notes'), '')],
  ['whose database is something else', (inside) => mkdirSync(path.join(inside, 'postgres'))],
  [
    'with a database of another version',
    (inside) => {
      mkdirSync(path.join(inside, 'postgres'));
      writeFileSync(path.join(inside, 'postgres', 'PG_VERSION'), '9.6\n');
    },
  ],
];
for (const [what, fill] of unusable) {
  test(`a folder ${what} is refused, and nothing in it changes`, async (t) => {
    const inside = mkdtempSync(path.join(tmpdir(), 'embedded-'));
    t.after(() => rmSync(inside, { recursive: true }));
    fill(inside);
    const before = readdirSync(inside, { recursive: true });
    await assert.rejects(openEmbedded(inside), FolderUnusable);
    const after = readdirSync(inside, { recursive: true });
    assert.deepEqual(
      after.filter((file) => file !== 'lock'),
      before,
    );
  });
}

const unusableLocks: [string, (lock: string) => void, RegExp][] = [
  ["that can't be opened", (lock) => mkdirSync(lock), /\(unable to open database file: lock\)/],
  ['of another program', (lock) => writeFileSync(lock, 'x'.repeat(200)), /not a database: lock\)/],
];
for (const [what, create, reason] of unusableLocks) {
  test(`a folder with a lock ${what} is refused, and the file is named`, async (t) => {
    const inside = mkdtempSync(path.join(tmpdir(), 'embedded-'));
    t.after(() => rmSync(inside, { recursive: true }));
    create(path.join(inside, 'lock'));
    await assert.rejects(openEmbedded(inside), (error) => {
      assert.ok(error instanceof FolderUnusable);
      assert.match(error.message, reason);
      return true;
    });
  });
}

test('a file instead of the folder is refused', async (t) => {
  const inside = mkdtempSync(path.join(tmpdir(), 'embedded-'));
  t.after(() => rmSync(inside, { recursive: true }));
  const file = path.join(inside, 'data');
  writeFileSync(file, '');
  await assert.rejects(openEmbedded(file), FolderUnusable);
});

test('a folder that was closed can be opened again in the same process', async () => {
  await (await openEmbedded(folder)).close();
  const again = await openEmbedded(folder);
  await assert.rejects(openEmbedded(folder), FolderInUse);
  await again.close();
});
