import { createKey, expect, inspect, openApiKeys, rowOf, test } from './support/fixtures.ts';

test('a person without an account reports a key, and its owner is warned', async ({
  page,
  person,
  browser,
  baseURL,
  request,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'in a public repository');

  const context = await browser.newContext({ baseURL: baseURL ?? '' });
  const finder = await context.newPage();
  await finder.goto('/login');
  await finder.getByRole('link', { name: 'Report a leaked key' }).click();
  await expect(finder.getByRole('heading', { level: 2 })).toHaveText('Report a leaked API key');
  await finder.getByLabel('API key').fill(key.slice(0, 50));
  await finder.getByRole('button', { name: 'Report' }).click();
  await expect(finder.getByRole('alert')).toHaveText(
    'This is not a whole key: it has 50 characters instead of 64.',
  );
  await expect(finder.getByLabel('API key')).toHaveValue(key.slice(0, 50));
  await expect(finder.getByLabel('API key')).toBeFocused();

  await finder.getByLabel('API key').fill(`KEY=${key}`);
  await finder.getByRole('button', { name: 'Report' }).click();
  await expect(finder.getByRole('status')).toHaveText(
    'If this was a key of this service, it no longer works.',
  );
  expect(await finder.content()).not.toContain(key);
  await context.close();

  const check = await request.get('/auth/verify', { headers: { 'x-api-key': key } });
  expect(check.headers()['x-auth-reason']).toBe('removed');
  await page.goto('/profile/api-keys');
  const warning = page.getByText('Reported as leaked less than a minute ago, and so removed');
  await expect(warning).toContainText(`in a public repository ${key.slice(0, 16)}…`);
  await page.getByText('Expired and removed keys').click();
  await expect(rowOf(page, key)).toContainText('Reported as leaked.');
  await expect(rowOf(page, key).getByRole('button')).toHaveCount(0);
  await inspect(page, 'api-keys, reported as leaked');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(warning).toHaveCount(0);
});

test('the page sets no cookie and is accessible', async ({ page, context }) => {
  await page.goto('/leaked');
  await inspect(page, 'leaked');
  await page.getByLabel('API key').fill('lmk');
  await page.getByRole('button', { name: 'Report' }).click();
  await expect(page.getByRole('alert')).toContainText('This is not an API key');
  await inspect(page, 'leaked, refused');
  expect(await context.cookies()).toEqual([]);
});
