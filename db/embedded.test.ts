import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { FolderInUse, openEmbedded } from './embedded.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'embedded-'));
after(() => rmSync(folder, { recursive: true }));

test('a folder that another process has open is refused; once that one is killed, it opens', async () => {
  const program = `
    import { openEmbedded } from ${JSON.stringify(import.meta.resolve('./embedded.ts'))};
    const pglite = await openEmbedded(${JSON.stringify(folder)});
    await pglite.exec('create table kept (n int); insert into kept values (1)');
    console.log('open');
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
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

test('a folder that was closed can be opened again in the same process', async () => {
  await (await openEmbedded(folder)).close();
  const again = await openEmbedded(folder);
  await assert.rejects(openEmbedded(folder), FolderInUse);
  await again.close();
});
