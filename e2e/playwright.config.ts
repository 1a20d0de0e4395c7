import { defineConfig } from 'playwright/test';
import { noTwoInstances } from './app.ts';
import { findBrowser } from './browser.ts';
import type { Options } from './fixtures.ts';

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
  // What fails runs again for its trace; it has failed all the same.
  retries: 1,
  failOnFlakyTests: true,
  reporter: [['list']],
  use: {
    launchOptions: {
      executablePath: findBrowser(),
      // Together with Playwright's own switches: nothing is asked of the network behind our back.
      args: [
        '--disable-component-update',
        '--disable-sync',
        '--disable-background-networking',
        // A name that is no `localhost`: browsers trust plain http there as little as anywhere.
        '--host-resolver-rules=MAP plain-http.test 127.0.0.1',
      ],
    },
    screenshot: { mode: 'only-on-failure', fullPage: true },
    // Recording each test would cost a fifth of the time of all.
    trace: 'on-first-retry',
  },
  // A tag names what a test needs (@javascript), or that projects would repeat it for nothing, since
  // other tests use its pages and forms there: the phone (@any-screen), or all but the desktop (@once).
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
