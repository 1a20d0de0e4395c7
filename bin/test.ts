// `npm test`: types, lint and format; unit and integration tests on both databases; end-to-end
// tests in a browser; faults of real processes under load. Each part runs even when one before it
// failed; the last line adds them up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../db/testing/postgres.ts';
import { add, type Counts, countBrowserTests, countNodeTests, countsOf } from './counts.ts';

const postgres = await startPostgres();
if (postgres) process.env.TEST_DATABASE_URL = postgres.url;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The parts get it too, and end; then the rest of this file runs to its end.
  process.on(signal, () => {});
}

const total = add([
  await check('types', 'tsc'),
  await check('lint and format', 'biome', 'ci', '--error-on-warnings', '.'),
  await nodeTests('unit and integration tests', 2, '{bin,db,server,e2e/proxies}/**/*.test.ts'),
  await endToEndTests(),
  await nodeTests('faults', 1, 'e2e/faults/*.test.ts'),
]);
await postgres?.stop();

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (total.skipped > 0) {
  console.log('(skipped: a program that tests need is missing; CONTRIBUTING.md lists them)');
}
process.exitCode = total.failed > 0 ? 1 : 0;

async function check(title: string, command: string, ...args: string[]): Promise<Counts> {
  const code = await run(title, command, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** @param concurrency how many files run at once. */
async function nodeTests(title: string, concurrency: number, files: string): Promise<Counts> {
  return withReport(async (report) => {
    const code = await run(title, 'node', [
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${path.resolve(import.meta.dirname, 'count-reporter.ts')}`,
      `--test-reporter-destination=${report}`,
      `--test-concurrency=${concurrency}`,
      '--test-timeout=300000',
      files,
    ]);
    return countsOf(code, () => countNodeTests(readFileSync(report, 'utf8')));
  });
}

async function endToEndTests(): Promise<Counts> {
  return withReport(async (report) => {
    const args = ['test', '--config=e2e/playwright.config.ts', '--reporter=list,json'];
    const code = await run('end-to-end tests', 'playwright', args, {
      PLAYWRIGHT_JSON_OUTPUT_FILE: report,
      // Playwright would keep what it compiles in the system's temporary folder.
      PWTEST_CACHE_DIR: 'node_modules/.cache/playwright',
    });
    return countsOf(code, () => countBrowserTests(readFileSync(report, 'utf8')));
  });
}

/** Gives a part the name of a file for its report, which is removed afterwards. */
async function withReport(part: (report: string) => Promise<Counts>): Promise<Counts> {
  const folder = mkdtempSync(path.join(tmpdir(), 'report-'));
  try {
    return await part(path.join(folder, 'report.json'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs one of the project's programs (npm put them on the path), and resolves with its exit code. */
async function run(
  title: string,
  command: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<number | null> {
  console.log(`\n# ${title}`);
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
