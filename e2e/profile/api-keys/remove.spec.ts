import {
  authenticate,
  createKey,
  expect,
  inspect,
  logIn,
  openApiKeys,
  rowOf,
  test,
} from '../../support/fixtures.ts';

const question = 'Are you sure you want to remove this API key?';
const consequence =
  'If you remove an in-use API key, your applications will break until you update them to use a new key.';
const lastKey = 'This is your last key: the API will become inaccessible.';

test('a person confirms and removes a key', async ({ page, person, javaScriptEnabled }) => {
  await openApiKeys(page, person);
  const kept = await createKey(page, 'kept');
  const key = await createKey(page, 'laptop');
  await rowOf(page, key).getByRole('link', { name: 'Remove', exact: true }).click();

  const asked =
    javaScriptEnabled === false
      ? page.getByRole('main')
      : page.getByRole('dialog', { name: question });
  await expect(asked).toContainText(question);
  await expect(asked).toContainText('laptop');
  await expect(asked).toContainText(`${key.slice(0, 16)}…`);
  await expect(asked).toContainText('Right Now!');
  await expect(asked).toContainText('Never used.');
  await expect(asked).toContainText(consequence);
  if (javaScriptEnabled !== false) {
    await expect(asked).toHaveAccessibleDescription(/laptop.*Never used\..*your applications will/);
    await expect(asked.getByRole('region')).toHaveCount(0);
  }
  await expect(asked).not.toContainText(lastKey);
  await expect(asked.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await inspect(page, 'remove, asked');

  await asked.getByRole('button', { name: 'Cancel' }).click();
  await expect(rowOf(page, key)).toBeVisible();
  await expect(asked.getByText(question)).toHaveCount(0);

  await rowOf(page, key).getByRole('link', { name: 'Remove' }).click();
  await asked.getByRole('button', { name: 'OK' }).click();
  await expect(page.getByRole('status').getByRole('listitem')).toHaveText(
    `The key has now been removed: laptop ${key.slice(0, 16)}…`,
  );
  await expect(page.getByRole('status')).toBeFocused();
  await expect(page).toHaveTitle(/^The key has now been removed · API Keys · /);
  await expect(page).toHaveURL('/profile/api-keys');
  await expect(rowOf(page, key)).toHaveCount(0);
  await expect(rowOf(page, kept)).toBeVisible();
  await inspect(page, 'api-keys, removed');

  await rowOf(page, kept).getByRole('link', { name: 'Remove' }).click();
  await expect(asked).toContainText(lastKey);
  await asked.getByRole('button', { name: 'OK' }).click();
  await expect(page.getByRole('main')).toContainText(
    'You have no API keys, so your API is inaccessible.',
  );
});

test('a person undoes a removal, in its message and in the list of ended keys', async ({
  page,
  request,
  person,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'laptop');
  const check = async () =>
    (await request.get('/auth/verify', { headers: { 'x-api-key': key } })).status();
  expect(await check()).toBe(204);
  const remove = async () => {
    await rowOf(page, key).getByRole('link', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'OK' }).click();
    await expect(page.getByRole('status')).toContainText('The key has now been removed');
  };
  await remove();
  expect(await check()).toBe(401);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('status')).toHaveText(
    `The removal has been undone: laptop ${key.slice(0, 16)}…`,
  );
  expect(await check()).toBe(204);
  await expect(page.getByRole('table', { name: 'API Keys' })).toContainText('laptop');

  await remove();
  await page.goto('/profile/api-keys');
  await page.getByText('Expired and removed keys').click();
  const undo = rowOf(page, key).getByRole('button', { name: 'Undo' });
  await expect(undo).toHaveAccessibleDescription(`laptop ${key.slice(0, 16)}…`);
  await inspect(page, 'api-keys, Undo');
  await undo.click();
  await expect(page.getByRole('status')).toContainText('The removal has been undone');
  expect(await check()).toBe(204);
  await expect(page.getByText('Expired and removed keys')).toHaveCount(0);

  await remove();
  await page.getByText('Expired and removed keys').click();
  await rowOf(page, key).getByRole('link', { name: 'Details' }).click();
  const facts = page.getByRole('region', { name: 'API Key' });
  await expect(facts).toContainText('Removed less than a minute ago by you.');
  await inspect(page, 'key, removed');
  await facts.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('status')).toContainText('The removal has been undone');
  expect(await check()).toBe(204);
});

test('a key in use has a warning, and one that may have leaked cannot be restored', {
  tag: '@any-screen',
}, async ({ page, request, person }) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'laptop');
  await request.get('/auth/verify', { headers: { 'x-api-key': key } });
  await page.goto('/profile/api-keys');
  await expect(async () => {
    await page.reload();
    await expect(rowOf(page, key)).toContainText('from 127.0.0.1', { timeout: 500 });
  }).toPass();
  await rowOf(page, key).getByRole('link', { name: 'Remove' }).click();
  await expect(page.getByText('This key is in use: what uses it will stop working.')).toBeVisible();
  await page.getByLabel('It may have leaked (cannot be undone)').check();
  await inspect(page, 'remove, in use');
  await page.getByRole('button', { name: 'OK' }).click();
  await expect(page.getByRole('status')).toContainText('The key has now been removed as leaked');
  await page.getByText('Expired and removed keys').click();
  await expect(rowOf(page, key)).toContainText('Reported as leaked.');
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0);
});

test('the dialog works with the keyboard alone', { tag: ['@javascript', '@once'] }, async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page);
  const link = rowOf(page, key).getByRole('link', { name: 'Remove' });
  const dialog = page.getByRole('dialog', { name: question });

  await link.focus();
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(link).toBeFocused();

  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(link).toBeFocused();

  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(dialog.getByRole('button', { name: 'OK' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status')).toContainText('The key has now been removed');
});

test('two clicks open one dialog', { tag: ['@javascript', '@once'] }, async ({ page, person }) => {
  await openApiKeys(page, person);
  await createKey(page);
  const link = page.getByRole('link', { name: 'Remove' });
  await link.evaluate((element: HTMLElement) => {
    element.click();
    element.click();
  });
  await expect(page.getByRole('dialog')).toHaveCount(1);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await link.click();
  await expect(page.getByRole('dialog')).toHaveCount(1);
});

test('a click right after Cancel opens the dialog again', {
  tag: ['@javascript', '@once'],
}, async ({ page, person }) => {
  await openApiKeys(page, person);
  await createKey(page);
  const link = page.getByRole('link', { name: 'Remove' });
  const dialog = page.getByRole('dialog', { name: question });
  await link.click();
  await expect(dialog).toBeVisible();
  // Before the browser sends the dialog's close event.
  await page.evaluate(() => {
    document.querySelector('dialog')?.close();
    document.querySelector<HTMLElement>('a[data-remove]')?.click();
  });
  await expect(dialog).toBeVisible();
});

test('the question is also a page', async ({ page, person }) => {
  await openApiKeys(page, person);
  await createKey(page, 'laptop');
  const href = await page.getByRole('link', { name: 'Remove' }).getAttribute('href');
  await page.goto(href ?? '');
  await expect(page.getByRole('heading', { name: question })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await inspect(page, 'remove, page');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(/\/profile\/api-keys\??$/);
  await expect(page.getByRole('rowheader')).toHaveCount(1);
});

test('a password that became stale before OK is asked for, and then the question again', {
  tag: '@any-screen',
}, async ({ page, person, app }) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'laptop');
  await rowOf(page, key).getByRole('link', { name: 'Remove' }).click();
  await expect(page.getByText(question)).toBeVisible();
  await page.getByLabel('It may have leaked').check();
  await app.perform('let re-authentication pass', person.username);
  await page.getByRole('button', { name: 'OK' }).click();

  await authenticate(page, person);
  await expect(page.getByRole('heading', { name: question })).toBeVisible();
  await expect(page.getByLabel('It may have leaked')).toBeChecked();
  await page.getByRole('button', { name: 'OK' }).click();
  await expect(page.getByRole('status')).toContainText('The key has now been removed as leaked');
});

test('with a stale password, Remove leads to Authenticate and then to the question', {
  tag: '@any-screen',
}, async ({ page, person, app }) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'laptop');
  await app.perform('let re-authentication pass', person.username);
  await rowOf(page, key).getByRole('link', { name: 'Remove' }).click();
  await authenticate(page, person);
  await expect(page.getByRole('heading', { name: question })).toBeVisible();
});

test("two people don't see each other's keys", { tag: '@once' }, async ({
  page,
  person,
  app,
  browser,
  baseURL,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'mine');
  const href = (await page.getByRole('link', { name: 'Remove' }).getAttribute('href')) ?? '';

  const username = `${person.username}-other`;
  await app.perform('add user', username);
  const context = await browser.newContext({ baseURL: baseURL ?? '' });
  const others = await context.newPage();
  await logIn(others, { ...person, username });
  await others.goto('/profile/api-keys');
  await authenticate(others, person);
  await expect(others.getByRole('main')).toContainText('You have no API keys');
  await others.goto(href);
  await expect(others.getByRole('heading', { level: 1 })).toHaveText('Not found');
  await context.close();

  await page.reload();
  await expect(rowOf(page, key)).toBeVisible();
});
