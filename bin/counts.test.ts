import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { countBrowserTests, countNodeTests, countsOf } from './counts.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

test('tests of Node are counted in all files together, also in a file that crashes', () => {
  const files = {
    'some.test.mjs': `
      import { describe, test } from 'node:test';
      describe('of a suite', () => {
        test('passes', () => {});
        test('fails', () => { throw new Error('on purpose'); });
      });
      test('is skipped', { skip: true }, () => {});
      test('is to do', { todo: true }, () => {});
      test('fails in a subtest', async (t) => {
        await t.test('cancelled', { timeout: 1 }, () => new Promise(() => {}));
      });`,
    'more.test.mjs': `
      import { test } from 'node:test';
      test('also passes', () => {});`,
    'crash.test.mjs': 'process.exit(1);',
  };
  const { code, report } = run(files, process.execPath, [
    '--test',
    `--test-reporter=${path.join(ROOT, 'bin/count-reporter.ts')}`,
    '--test-reporter-destination=report.json',
    ...Object.keys(files),
  ]);
  assert.deepEqual(
    countsOf(code, () => countNodeTests(report)),
    // A test whose subtest fails does so itself, and a file that crashes is a test that fails.
    { passed: 2, failed: 4, skipped: 2 },
  );
});

test('browser tests are counted by outcome; one that passes only when repeated, or does not run, has failed', () => {
  const playwright = path.join(ROOT, 'node_modules/.bin/playwright');
  const files = {
    'playwright.config.mjs': `
      const projects = [{ name: 'phone', metadata: { deployment: 'embedded' } }];
      export default { reporter: 'json', projects, workers: 1, retries: 1 };`,
    'some.spec.mjs': `
      import { test } from 'playwright/test';
      test('passes', () => {});
      test('passes when repeated', () => { if (test.info().retry === 0) throw new Error('once'); });
      test('fails as it should', () => { test.fail(); throw new Error('on purpose'); });
      test.skip('is skipped', () => {});
      test('is skipped while it runs', () => test.skip(true));
      test.describe.serial('one after the other', () => {
        test('fails', () => { throw new Error('on purpose'); });
        test('does not run', () => {});
      });`,
  };
  const { code, report } = run(files, playwright, ['test']);
  assert.equal(code, 1);
  // No project uses two instances, which counts as one more skipped test.
  assert.deepEqual(countBrowserTests(report), { passed: 2, failed: 3, skipped: 3 });
  const withTwoInstances = report.replaceAll('"embedded"', '"two instances"');
  assert.equal(countBrowserTests(withTwoInstances).skipped, 2);
});

test('a part that ends badly, runs nothing, or leaves an incomplete report has failed', () => {
  const fine = { passed: 3, failed: 0, skipped: 1 };
  const failed = { passed: 0, failed: 1, skipped: 0 };
  assert.deepEqual(
    countsOf(0, () => fine),
    fine,
  );
  for (const code of [1, null]) {
    assert.deepEqual(
      countsOf(code, () => fine),
      { ...fine, failed: 1 },
    );
  }
  assert.deepEqual(
    countsOf(0, () => ({ ...fine, passed: 0 })),
    { passed: 0, failed: 1, skipped: 1 },
  );
  for (const report of ['', '{', '{}', '{"config":{"projects":[]}}']) {
    assert.deepEqual(
      countsOf(0, () => countNodeTests(report)),
      failed,
    );
    assert.deepEqual(
      countsOf(0, () => countBrowserTests(report)),
      failed,
    );
  }
});

test('npm test ends with its counts, also when none of its parts can run', () => {
  const { status, stdout } = runTests();
  assert.equal(status, 1);
  // The unit tests run in four processes.
  assert.match(stdout, /\n0 passed, 8 failed, 0 skipped\n$/);
});

test('npm test runs only the parts that it is given, and refuses unknown ones', () => {
  assert.match(runTests('types', 'faults').stdout, /\n0 passed, 2 failed, 0 skipped\n$/);
  const { status, stdout, stderr } = runTests('faults', 'fault');
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /There is no part fault\. The parts are: types, lint, unit, browser, faults\./,
  );
});

/** Runs parts of `npm test` where none of their programs can be found. */
function runTests(...parts: string[]) {
  return spawnSync(process.execPath, [path.join(ROOT, 'bin/test.ts'), ...parts], {
    env: { PATH: newFolder(), TEST_DATABASE_URL: 'postgres://127.0.0.1:1/' },
    encoding: 'utf8',
  });
}

/** Runs a program in a folder of these files, and returns the report that it leaves there. */
function run(files: Record<string, string>, program: string, args: string[]) {
  const folder = newFolder();
  // Playwright's tests import it from there.
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  // With it Node would count the program's tests as tests of this file.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const { status } = spawnSync(program, args, {
    cwd: folder,
    env: {
      ...env,
      PLAYWRIGHT_JSON_OUTPUT_FILE: path.join(folder, 'report.json'),
      PWTEST_CACHE_DIR: path.join(folder, 'cache'),
    },
  });
  return { code: status, report: readFileSync(path.join(folder, 'report.json'), 'utf8') };
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'counts-'));
  folders.push(folder);
  return folder;
}
