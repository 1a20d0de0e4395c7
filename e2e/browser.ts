import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright';

/**
 * The browser of the end-to-end tests: the one that BROWSER names, Playwright's own if it is
 * installed, a Chromium or Chrome of the system; else Playwright is asked to install its own.
 */
export function findBrowser(): string {
  const found = given() ?? playwrightsOwn() ?? ofTheSystem() ?? installed();
  if (found === undefined) {
    throw new Error(
      'There is no browser for the end-to-end tests. Install Chromium (Debian: `apt-get install ' +
        'chromium`), or set BROWSER to the path of one.',
    );
  }
  // Playwright's workers read this file again, each for itself.
  process.env.BROWSER = found;
  return found;
}

function given(): string | undefined {
  const browser = process.env.BROWSER;
  if (browser && !existsSync(browser))
    throw new Error(`BROWSER is ${browser}, which is not there.`);
  return browser || undefined;
}

function playwrightsOwn(): string | undefined {
  const browser = chromium.executablePath();
  return existsSync(browser) ? browser : undefined;
}

function ofTheSystem(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const places = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [...places, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'].find((place) =>
    existsSync(place),
  );
}

function installed(): string | undefined {
  spawnSync('playwright', ['install', 'chromium'], { stdio: 'inherit' });
  return playwrightsOwn();
}
