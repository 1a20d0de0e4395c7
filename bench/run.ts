// `npm run bench` runs all benchmarks, `npm run bench -- pages` one part of them. README.md describes
// them. With `--quick` they run briefly, to show that they work, and keep no results. The part `earlier`
// needs `--commit=…`, and is left out without it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '../db/testing/postgres.ts';
import { checks } from './checks.ts';
import { earlier } from './earlier.ts';
import { instances } from './instances.ts';
import { lighthouse } from './lighthouse.ts';
import { pages } from './pages.ts';
import { prepare } from './prepare.ts';
import { stopServers } from './servers.ts';
import { standbys } from './standbys.ts';
import { start } from './start.ts';

const parts = { checks, earlier, pages, instances, standbys, start, lighthouse };

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, commit: { type: 'string' } },
});
const unknown = names.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`,
  );
  process.exit(2);
}

prepare();
const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
const postgres = await startPostgres();
if (!postgres) throw new Error('PostgreSQL is needed. Debian: apt-get install postgresql');
try {
  for (const [name, run] of Object.entries(parts)) {
    if (names.length > 0 && !names.includes(name)) continue;
    console.log(`# ${name}`);
    const { quick: isQuick, commit } = options;
    await run({ server: postgres.url, folder, isQuick, commit });
    await stopServers();
  }
} finally {
  await stopServers();
  await postgres.stop();
  rmSync(folder, { recursive: true });
}
