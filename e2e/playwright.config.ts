import { defineConfig } from 'playwright/test';
import { noTwoInstances } from './support/app.ts';
import { findBrowser } from './support/browser.ts';
import type { Options } from './support/fixtures.ts';

const desktop = { viewport: { width: 1024, height: 768 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

// What works on two instances works on one, too.
const deployment = noTwoInstances ? 'embedded' : 'two instances';
if (noTwoInstances && process.env.TEST_WORKER_INDEX === undefined)
  console.log(`No browser test uses two instances: ${noTwoInstances}.`);

export default defineConfig<Options, Options>({
  testDir: '.',
  // The files named *.test.ts are tests of Node.
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  fullyParallel: true,
  workers: 2,
  // Only limits: a slow, busy machine must pass, too.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  forbidOnly: true,
  // A failed test runs again for its trace; it has failed even if it passes then.
  retries: 1,
  failOnFlakyTests: true,
  reporter: [['list']],
  use: {
    launchOptions: {
      executablePath: findBrowser(),
      // Together with Playwright's own switches: the browser sends no requests of its own.
      args: [
        '--disable-component-update',
        '--disable-sync',
        '--disable-background-networking',
        // Browsers treat plain http as secure on `localhost`, but not on this name.
        '--host-resolver-rules=MAP plain-http.test 127.0.0.1',
      ],
    },
    screenshot: { mode: 'only-on-failure', fullPage: true },
    // Recording every test would take a fifth of the time of the run.
    trace: 'on-first-retry',
  },
  // Tags: @javascript needs JavaScript, @any-screen is not repeated on the phone, @once runs only on the
  // desktop. The last two are for tests whose pages and forms other tests use in these projects.
  projects: [
    { name: 'desktop', use: { ...desktop, deployment }, metadata: { deployment } },
    {
      name: 'phone',
      use: { ...phone, deployment },
      metadata: { deployment },
      grepInvert: /@any-screen|@once/,
    },
    {
      name: 'without JavaScript',
      use: { ...desktop, javaScriptEnabled: false },
      grepInvert: /@javascript|@once/,
    },
  ],
});
