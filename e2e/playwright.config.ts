import { defineConfig } from 'playwright/test';
import { noPostgres } from '../db/test-databases.ts';
import { findBrowser } from './browser.ts';
import type { Options } from './fixtures.ts';

const desktop = { viewport: { width: 1024, height: 768 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

if (noPostgres && process.env.TEST_WORKER_INDEX === undefined)
  console.warn(`The walks on PostgreSQL are skipped: ${noPostgres}.`);

export default defineConfig<Options, Options>({
  testDir: '.',
  outputDir: '../test-results',
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  reporter: [['list']],
  use: {
    launchOptions: {
      executablePath: findBrowser(),
      // Together with Playwright's own switches: nothing is asked of the network behind our back.
      args: ['--disable-component-update', '--disable-sync', '--disable-background-networking'],
    },
    trace: 'retain-on-failure',
  },
  projects: [
    { name: 'desktop', use: desktop },
    { name: 'phone', use: phone },
    {
      name: 'without JavaScript',
      use: { ...desktop, javaScriptEnabled: false },
      grepInvert: /@javascript/,
    },
    ...(noPostgres
      ? []
      : [{ name: 'PostgreSQL', use: { ...desktop, database: 'PostgreSQL' } as const }]),
  ],
});
