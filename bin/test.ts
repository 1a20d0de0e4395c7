// `npm test`: types, lint and format; unit and integration tests on both databases; end-to-end
// tests in a browser; faults of real processes under load. Each part runs even when one before it
// failed; the last line adds them up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startPostgres } from '../db/testing/postgres.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const postgres = await startPostgres();
if (postgres) process.env.TEST_DATABASE_URL = postgres.url;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The parts get it too, and end; then the rest of this file runs to its end.
  process.on(signal, () => {});
}

const total = add([
  await check('types', 'tsc'),
  await check('lint and format', 'biome', 'ci', '--error-on-warnings', '.'),
  await nodeTests(
    'unit and integration tests',
    'node',
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=2',
    '--test-timeout=300000',
    '{bin,db,server,e2e/proxies}/**/*.test.ts',
  ),
  await endToEndTests(),
  await nodeTests('faults', 'npm', 'run', '--silent', 'test:faults'),
]);
await postgres?.stop();

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (total.skipped > 0) {
  console.log('(skipped: a program that tests need is not here; README.md says which there are)');
}
process.exitCode = total.failed > 0 ? 1 : 0;

async function check(title: string, command: string, ...args: string[]): Promise<Counts> {
  const { code } = await run(title, command, ...args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

async function nodeTests(title: string, command: string, ...args: string[]): Promise<Counts> {
  const { code, output } = await run(title, command, ...args);
  const count = (word: string) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(output)?.[1]);
  return counted(code, {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  });
}

async function endToEndTests(): Promise<Counts> {
  const { code, output } = await run(
    'end-to-end tests',
    'playwright',
    'test',
    '--config=e2e/playwright.config.ts',
  );
  const count = (words: string) =>
    Number(new RegExp(`^ +(\\d+) ${words}\\b`, 'm').exec(output)?.[1] ?? 0);
  return counted(code, {
    passed: count('passed'),
    failed: count('failed') + count('flaky') + count('interrupted') + count('did not run'),
    // Without PostgreSQL or nginx the walks with two copies are not even listed.
    skipped: count('skipped') + (/^The walks .* are skipped/m.test(output) ? 1 : 0),
  });
}

/** A part that ended badly has failed, also when its output doesn't say so. */
function counted(code: number | null, counts: Counts): Counts {
  const isUnderstood = Object.values(counts).every(Number.isInteger) && counts.passed > 0;
  if (!isUnderstood) return { passed: 0, failed: 1, skipped: 0 };
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function add(parts: Counts[]): Counts {
  const sum = (of: keyof Counts) => parts.reduce((total, part) => total + part[of], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** Runs one of the project's programs (npm put them on the path), shown and kept. */
async function run(title: string, command: string, ...args: string[]) {
  console.log(`\n# ${title}`);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Playwright would keep what it compiles in the system's temporary folder.
    env: { ...process.env, NO_COLOR: '1', PWTEST_CACHE_DIR: 'node_modules/.cache/playwright' },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const [code]: (number | null)[] = await once(child, 'close');
  return { code: code ?? null, output };
}
