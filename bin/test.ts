// `npm test`: types, lint and format; unit and integration tests on both databases; browser tests and,
// beside them, fault tests of real processes under load. Each part runs even when one before it failed;
// the last line adds them up. With the names of parts, as in `npm run test:faults`, only these run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../db/testing/postgres.ts';
import { add, type Counts, countBrowserTests, countNodeTests, countsOf } from './counts.ts';

const UNIT_PROCESSES = 4;

/** The parts of a round run at once: fault tests wait a lot, and leave the browser most of the time. */
const rounds: Record<string, () => Promise<Counts>>[] = [
  { types: () => check('tsc') },
  { lint: () => check('biome', 'ci', '--error-on-warnings', '.') },
  { unit: runUnitTests },
  { browser: runBrowserTests, faults: runFaultTests },
];
const names = rounds.flatMap((round) => Object.keys(round));
const given = process.argv.slice(2);
const unknown = given.find((name) => !names.includes(name));
if (unknown !== undefined) {
  throw new Error(`There is no part ${unknown}. The parts are: ${names.join(', ')}.`);
}

// Each test file, and each app that one starts, would compile the same modules again.
process.env.NODE_COMPILE_CACHE ??= path.resolve('node_modules/.cache/compiled');
const postgres = await startPostgres();
if (postgres) process.env.TEST_DATABASE_URL = postgres.url;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The parts get the signal too, and end; then the rest of this file runs to its end.
  process.on(signal, () => {});
}
const counts: Counts[] = [];
for (const round of rounds) {
  const parts = Object.entries(round).filter(
    ([name]) => given.length === 0 || given.includes(name),
  );
  if (parts.length > 0) console.log(`\n# ${parts.map(([name]) => name).join(' and ')}`);
  counts.push(...(await Promise.all(parts.map(([, runPart]) => runPart()))));
}
const total = add(counts);
await postgres?.stop();

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (total.skipped > 0) {
  console.log('(skipped: a program that tests need is missing; CONTRIBUTING.md lists them)');
}
process.exitCode = total.failed > 0 ? 1 : 0;

async function check(command: string, ...args: string[]): Promise<Counts> {
  const code = await run(command, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/**
 * Each process runs its share of the files. One process for each file, as `node --test` starts by
 * default, would take twice the CPU time, most of it to load the same modules. There are more processes
 * than cores, since some tests wait.
 */
async function runUnitTests(): Promise<Counts> {
  const files = ['{bin,db,server,e2e/proxies}/**/*.test.ts', '{bench,e2e}/*.test.ts'];
  const shares = Array.from({ length: UNIT_PROCESSES }, (_, n) => {
    const share = `--test-shard=${n + 1}/${UNIT_PROCESSES}`;
    return runNodeTestsBesideOthers('--test-isolation=none', share, ...files);
  });
  return add(await Promise.all(shares));
}

function runFaultTests(): Promise<Counts> {
  const args = ['--test-concurrency=2', 'e2e/faults/*.test.ts'];
  return given.length === 1 ? runNodeTests('stdout', ...args) : runNodeTestsBesideOthers(...args);
}

/** Prints the output of the tests when all have ended, since other tests print meanwhile. */
function runNodeTestsBesideOthers(...args: string[]): Promise<Counts> {
  return withReport(async (output) => {
    const counts = await runNodeTests(output, ...args);
    process.stdout.write(readFileSync(output));
    return counts;
  });
}

/** @param output a file, or `stdout`. */
async function runNodeTests(output: string, ...args: string[]): Promise<Counts> {
  return withReport(async (report) => {
    const code = await run('node', [
      '--test',
      '--test-reporter=spec',
      `--test-reporter-destination=${output}`,
      `--test-reporter=${path.resolve(import.meta.dirname, 'count-reporter.ts')}`,
      `--test-reporter-destination=${report}`,
      '--test-timeout=300000',
      ...args,
    ]);
    return countsOf(code, () => countNodeTests(readFileSync(report, 'utf8')));
  });
}

async function runBrowserTests(): Promise<Counts> {
  return withReport(async (report) => {
    const args = ['test', '--config=e2e/playwright.config.ts', '--reporter=list,json'];
    const code = await run('playwright', args, {
      PLAYWRIGHT_JSON_OUTPUT_FILE: report,
      // Playwright would keep what it compiles in the system's temporary folder.
      PWTEST_CACHE_DIR: 'node_modules/.cache/playwright',
    });
    return countsOf(code, () => countBrowserTests(readFileSync(report, 'utf8')));
  });
}

/** Gives a part an empty file for its report, which is removed afterwards. */
async function withReport(part: (report: string) => Promise<Counts>): Promise<Counts> {
  const folder = mkdtempSync(path.join(tmpdir(), 'report-'));
  const report = path.join(folder, 'report');
  writeFileSync(report, '');
  try {
    return await part(report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs one of the project's programs (npm put them on the path), and resolves with its exit code. */
async function run(
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<number | null> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  try {
    const [code]: (number | null)[] = await once(child, 'close');
    return code ?? null;
  } catch (error) {
    console.error(error);
    return null;
  }
}
