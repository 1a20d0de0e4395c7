import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright';

/**
 * The browser of the browser tests: the one that BROWSER names, Playwright's own if it is
 * installed, or the system's Chromium or Chrome; otherwise Playwright installs its own.
 */
export function findBrowser(): string {
  const found = fromEnvironment() ?? fromPlaywright() ?? fromSystem() ?? install();
  if (found === undefined) {
    throw new Error(
      'There is no browser for the browser tests. Install Chromium (Debian: `apt-get install ' +
        'chromium`), or set BROWSER to the path of one.',
    );
  }
  // Each of Playwright's workers runs this file again.
  process.env.BROWSER = found;
  return found;
}

function fromEnvironment(): string | undefined {
  const browser = process.env.BROWSER;
  if (browser && !existsSync(browser))
    throw new Error(`BROWSER is ${browser}, which does not exist.`);
  return browser || undefined;
}

function fromPlaywright(): string | undefined {
  const browser = chromium.executablePath();
  return existsSync(browser) ? browser : undefined;
}

function fromSystem(): string | undefined {
  // Debian's headless shell uses a third less CPU time than Chromium with its windows.
  const names = [
    'chromium-headless-shell',
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'chrome',
  ];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const candidates = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return [...candidates, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'].find(
    (file) => existsSync(file),
  );
}

function install(): string | undefined {
  spawnSync('playwright', ['install', 'chromium'], { stdio: 'inherit' });
  return fromPlaywright();
}
