// A smoke test in Firefox. Playwright can only control its own build of Firefox, so Puppeteer controls the
// installed one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { describeApp, type TestApp } from '../server/testing/describe-app.ts';
import { findProgram } from '../server/testing/processes.ts';
import { addUser, PASSWORD } from '../server/testing/users.ts';

const firefox = findProgram('firefox-esr') ?? findProgram('firefox');
const noFirefox = firefox === undefined && 'there is no Firefox: install it';
/** Only a limit, for slow machines. */
const TIMEOUT_MS = 120_000;

if (noFirefox) test('in Firefox', { skip: noFirefox });
else describeApp('in Firefox', testInFirefox);

function testInFirefox(on: TestApp): void {
  let browser: Browser;
  before(async () => {
    await addUser(on.db, 'firefox');
    browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: firefox ?? '',
      timeout: TIMEOUT_MS,
    });
  });
  after(async () => {
    await browser?.close();
  });

  test('a person creates a key, sees it once, and removes it in the dialog', async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    const errors: unknown[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await logIn(page);
    await page.locator('a[href="/profile"]').click();
    await page.locator('form[action="/profile/authenticate"] [name="password"]').fill(PASSWORD);
    await page.locator('form[action="/profile/authenticate"] button:not([type])').click();
    await page.locator('.tabs a[href="/profile/api-keys"]').click();

    await page.locator('[name="label"]').fill('laptop');
    await page.locator('form[action="/profile/api-keys"] button:not([type])').click();
    const key = await textOf(page, '[data-secret]');
    assert.match(key, /^lmk[0-9A-Za-z]{61}$/);
    assert.equal(await textOf(page, 'th[scope="row"]'), `${key.slice(0, 16)}…`);
    // The button exists only with JavaScript.
    await page.waitForSelector('button[data-copy]', { visible: true });
    await page.goto(`${on.app.origin}/profile/api-keys`);
    assert.ok(!(await page.content()).includes(key));

    await page.locator('a[data-remove]').click();
    await page.locator('dialog[open] [data-cancel] button').click();
    await page.waitForSelector('dialog', { hidden: true });
    assert.equal(await textOf(page, 'th[scope="row"]'), `${key.slice(0, 16)}…`);
    await page.locator('a[data-remove]').click();
    await page.locator('dialog[open] form[method="post"] button').click();
    assert.match(await textOf(page, '[role="status"]'), /^The key has now been removed: /);
    assert.equal(await page.$('a[data-remove]'), null);
    assert.deepEqual(errors, []);
  });

  async function logIn(page: Page): Promise<void> {
    await page.goto(`${on.app.origin}/login`);
    await page.locator('[name="username"]').fill('firefox');
    await page.locator('[name="password"]').fill(PASSWORD);
    await page.locator('form[action="/login"] button:not([type])').click();
  }
}

/** The text of an element, once it is there. */
async function textOf(page: Page, selector: string): Promise<string> {
  const element = await page.waitForSelector(selector);
  return (await element?.evaluate(({ textContent }) => textContent))?.trim() ?? '';
}
