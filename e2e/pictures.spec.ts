// Follows docs/quick-start.md and takes its pictures. `npm run pictures` puts them into docs/pictures;
// otherwise they are kept with the results of the other browser tests.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright/test';
import { PASSWORD } from '../server/testing/users.ts';
import type { PastKey } from './support/app.ts';
import { authenticate, createKey, expect, rowOf, test } from './support/fixtures.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** When the test begins, to the minute. The pictures always show SHOWN_BEGIN instead. */
const BEGIN = Math.floor(Date.now() / MINUTE) * MINUTE;
const SHOWN_BEGIN = Date.parse('2014-02-13T07:42Z');
/** The pictures show this instead of the key that was created. No such key exists. */
const SHOWN_KEY = 'lmkGa8GMRr4iRPXpYQO4mW3tJ2Ff9LFYFNOet15vPPRlqI3YMyJ8gKQHcPtnNDW3';

const username = 'linodedemo';
const past: PastKey[] = [
  {
    label: 'vagrant',
    prefix: 'lmk4tZsQhE7cWn2B',
    via: 'Linode Manager',
    createdAt: fromBegin(-130 * DAY - 3 * HOUR),
    lastUsedAt: fromBegin(-2 * HOUR - 10 * MINUTE),
    lastUsedIp: '198.51.100.24',
  },
  {
    label: 'nightly backup',
    prefix: 'lmkR9mVx0JpLd6Ty',
    via: 'Linode Manager',
    createdAt: fromBegin(-12 * DAY - 5 * HOUR),
    // Three months after it was created.
    expiresAt: fromBegin(77 * DAY - 5 * HOUR),
    lastUsedAt: fromBegin(-8 * HOUR - 41 * MINUTE),
    lastUsedIp: '203.0.113.7',
  },
  {
    label: 'command line',
    prefix: 'lmkbK3uYf8Hs1AoG',
    via: 'API',
    createdAt: fromBegin(-6 * DAY - HOUR),
    // A week after it was created, the default of the API.
    expiresAt: fromBegin(DAY - HOUR),
  },
];

test.use({
  viewport: { width: 990, height: 700 },
  deviceScaleFactor: 1,
  colorScheme: 'light',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0',
});

test('the quick start, with its pictures', { tag: ['@javascript', '@once'] }, async ({
  page,
  app,
  browser,
  baseURL,
  context,
}) => {
  if (isForDocuments()) await page.evaluate(requireFonts);
  await app.perform('add user', username);
  await app.givePast(username, past);
  await page.goto('/login');
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(PASSWORD);
  await takePicture(page, 'log-in', 340);

  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('link', { name: 'my profile', exact: true }).click();
  await page.getByLabel('Your Password').fill(PASSWORD);
  await takePicture(page, 'authenticate', 280);

  await authenticate(page, { password: PASSWORD });
  await page.getByRole('link', { name: 'API Keys' }).click();
  const key = await createKey(page, 'quick start');
  await takePicture(page, 'api-keys', 690, key);

  const phone = await browser.newContext({
    baseURL: baseURL ?? '',
    storageState: await context.storageState(),
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
    colorScheme: 'light',
  });
  const small = await phone.newPage();
  await small.goto('/profile/api-keys');
  await takePicture(small, 'phone', 780, key);
  await phone.close();

  await page.getByRole('link', { name: 'API Keys' }).click();
  await page.setViewportSize({ width: 990, height: 540 });
  await rowOf(page, key).getByRole('link', { name: 'Remove' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await takePicture(page, 'remove', 540, key);

  for (const line of curlLines(baseURL ?? '')) {
    const { stdout } = await promisify(execFile)('sh', ['-c', line], {
      env: { PATH: process.env.PATH ?? '', KEY: key },
    });
    expect(stdout, line).toMatch(/"ERRORARRAY":\[\]|"user":"linodedemo"/);
  }
  await page.getByRole('button', { name: 'OK' }).click();
  await expect(page.getByRole('status')).toContainText('The key has now been removed');
  const headers = { authorization: `Bearer ${key}` };
  expect((await page.request.get('/api/whoami', { headers })).status()).toBe(401);
});

/** The curl commands of the quick start. */
function curlLines(origin: string): string[] {
  const page = readFileSync(path.resolve(import.meta.dirname, '../docs/quick-start.md'), 'utf8');
  const lines = page.split('\n').filter((line) => line.startsWith('curl '));
  expect(lines.length).toBeGreaterThan(1);
  return lines.map((line) => line.replace('http://localhost:3000', origin));
}

/** Takes a picture of the top of the page, always with the same times and the same key. */
async function takePicture(page: Page, name: string, height: number, key = ''): Promise<void> {
  await page.evaluate(replaceTimesAndKey, {
    begin: BEGIN,
    shownBegin: SHOWN_BEGIN,
    key,
    shownKey: SHOWN_KEY,
  });
  const folder = isForDocuments()
    ? path.resolve(import.meta.dirname, '../docs/pictures')
    : path.join(test.info().project.outputDir, 'pictures', 'quick start');
  const width = page.viewportSize()?.width ?? 0;
  const clip = { x: 0, y: 0, width, height };
  await page.screenshot({ path: path.join(folder, `${name}.png`), clip, animations: 'disabled' });
}

function isForDocuments(): boolean {
  return test.info().config.updateSnapshots === 'all';
}

/** Runs in the browser. Other fonts would give other pictures of the same pages. */
function requireFonts() {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) throw new Error('There is no canvas.');
  context.font = '100px Helvetica, Arial, "Liberation Sans"';
  // The width in any of the three.
  if (Math.round(context.measureText('Linode Manager').width) === 723) return;
  throw new Error(
    'The pictures require Arial or Liberation Sans: apt-get install fonts-liberation',
  );
}

/**
 * Runs in the browser. Times during the test are replaced by its beginning, and the time when the settings
 * lock by ten minutes later.
 */
function replaceTimesAndKey(given: {
  begin: number;
  shownBegin: number;
  key: string;
  shownKey: string;
}) {
  const MINUTE = 60_000;
  for (const time of document.querySelectorAll('time')) {
    let since = Date.parse(time.dateTime) - given.begin;
    if (since >= 0 && since < 60 * MINUTE) since = since < 10 * MINUTE ? 0 : 10 * MINUTE;
    const shown = new Date(given.shownBegin + since).toISOString().slice(0, 16).replace('T', ' ');
    time.textContent = shown.slice(-(time.textContent ?? '').length);
  }
  if (given.key !== '') {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { currentNode: text } = texts;
      text.nodeValue = (text.nodeValue ?? '')
        .replaceAll(given.key, given.shownKey)
        .replaceAll(given.key.slice(0, 16), given.shownKey.slice(0, 16));
    }
  }
  // The pictures show no focus.
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function fromBegin(ms: number): string {
  return new Date(BEGIN + ms).toISOString();
}
