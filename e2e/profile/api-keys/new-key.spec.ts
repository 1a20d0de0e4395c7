// The message with the new key: its buttons, and that it disappears afterwards.
import {
  createKey,
  expect,
  followLinksToApiKeys,
  goBack,
  inspect,
  openApiKeys,
  test,
} from '../../support/fixtures.ts';

test('reloading the result creates no key and does not show the first one again', {
  tag: '@any-screen',
}, async ({ page, person }) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'once');
  await page.reload();
  await expect(page).toHaveURL('/profile/api-keys');
  await expect(page.getByRole('status')).toHaveText(
    'That key was already created. Its full value cannot be shown again.',
  );
  await expect(page.getByRole('rowheader')).toHaveCount(1);
  expect(await page.content()).not.toContain(key);
  await inspect(page, 'api-keys, already created');
});

test('Back after leaving does not show the key again', { tag: '@any-screen' }, async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'left');
  await page.getByRole('link', { name: 'Linode Manager' }).click();
  await expect(page).toHaveURL('/');
  expect(await goBack(page)).not.toContain(key);
  await page.goto('/profile/api-keys');
  await expect(page.getByRole('rowheader')).toHaveCount(1);
});

test('Copy puts the key on the clipboard', { tag: '@javascript' }, async ({
  page,
  person,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openApiKeys(page, person);
  const key = await createKey(page);
  await page.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByRole('status').getByText('Copied', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Copy' })).toBeFocused();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
});

test('one click selects the whole key, and nothing else', {
  tag: '@javascript',
}, async ({ page, person }) => {
  await openApiKeys(page, person);
  const key = await createKey(page);
  await page.getByRole('status').getByText(key).click();
  expect(await page.evaluate(() => String(getSelection()).trim())).toBe(key);
});

test('Copy works on plain http', { tag: ['@javascript', '@once'] }, async ({
  person,
  browser,
  baseURL,
}) => {
  const plain = new URL(baseURL ?? '');
  plain.hostname = 'plain-http.test';
  const context = await browser.newContext({ baseURL: plain.origin });
  const page = await context.newPage();
  await followLinksToApiKeys(page, person);
  expect(await page.evaluate(() => navigator.clipboard)).toBeUndefined();
  const key = await createKey(page);
  await page.getByRole('button', { name: 'Copy' }).click();
  await expect(page.getByRole('status').getByText('Copied', { exact: true })).toBeVisible();
  const label = page.getByLabel('Label', { exact: true });
  await label.focus();
  await page.keyboard.press('ControlOrMeta+v');
  await expect(label).toHaveValue(key);
  await context.close();
});

for (const [system, userAgent, keys] of [
  ['a Mac', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', '⌘C'],
  ['other systems', 'Mozilla/5.0 (X11; Linux x86_64)', 'Ctrl+C'],
] as const) {
  test(`without a clipboard the key is selected and the page names the keys of ${system}`, {
    tag: ['@javascript', '@once'],
  }, async ({ person, browser, baseURL }) => {
    const context = await browser.newContext({ baseURL: baseURL ?? '', userAgent });
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });
      Document.prototype.execCommand = () => false;
    });
    const page = await context.newPage();
    await openApiKeys(page, person);
    const key = await createKey(page);
    await page.getByRole('button', { name: 'Copy' }).click();
    await expect(page.getByRole('status')).toContainText(
      `The text is selected: press ${keys} to copy it.`,
    );
    expect(await page.evaluate(() => String(getSelection()))).toBe(key);
    await inspect(page, `api-keys, copy by hand on ${system}`);
    await context.close();
  });
}

test('a printed page has only the message and the table', { tag: '@once' }, async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'printed');
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await expect(page.getByText(key, { exact: true })).toBeVisible();
  await expect(page.getByRole('table', { name: 'API Keys' })).toContainText('printed');
  for (const role of ['banner', 'navigation', 'button', 'textbox', 'combobox'] as const) {
    await expect(page.getByRole(role)).toHaveCount(0);
  }
  await expect(page.getByRole('columnheader', { name: 'Options' })).toHaveCount(0);
  await expect(page.getByText(key, { exact: true })).toHaveCSS('color', 'rgb(0, 0, 0)');
  await page.screenshot({ path: test.info().outputPath('printed.png') });
});

test('below a new key are lines to use it, and a message when the first call arrives', {
  tag: '@javascript',
}, async ({ page, person, request }) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'deploy');
  await page.getByText('Use this key').click();
  for (const line of [
    `Bearer ${key}`,
    `LINODE_API_KEY=${key}`,
    `api-key ${key}`,
    `X-API-Key: ${key}`,
  ]) {
    await expect(page.getByRole('definition').filter({ hasText: line })).toBeVisible();
  }
  await expect(page.getByText('Waiting for the first call…')).toBeVisible();
  await inspect(page, 'api-keys, use a new key');
  const called = await request.get('/api/whoami', { headers: { 'X-API-Key': key } });
  expect(called.status()).toBe(200);
  await expect(
    page.getByText(/^First call received from 127\.0\.0\.1 at \d\d:\d\d$/),
  ).toBeVisible();

  await page.getByRole('link', { name: 'Linode Manager' }).click();
  await expect(page).toHaveURL('/');
  expect(await goBack(page)).not.toContain(key);
});
