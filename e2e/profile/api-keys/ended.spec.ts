import { createKey, expect, inspect, openApiKeys, rowOf, test } from '../../support/fixtures.ts';

test('a person sees which keys have ended, how, and that a program still tries one', async ({
  app,
  page,
  request,
  person,
}) => {
  await openApiKeys(page, person);
  await expect(page.getByText('Expired and removed keys')).toHaveCount(0);
  const expired = `${person.username}expired`.padEnd(16, '0').slice(0, 16);
  await app.givePast(person.username, [
    {
      label: 'nightly backup',
      prefix: expired,
      via: 'Linode Manager',
      createdAt: new Date(Date.now() - 40 * 86_400_000).toISOString(),
      expiresAt: new Date(Date.now() - 10.5 * 86_400_000).toISOString(),
    },
  ]);
  const key = await createKey(page, 'laptop');
  await rowOf(page, key).getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'OK' }).click();
  await expect(page.getByRole('status')).toContainText('The key has now been removed');
  await expect(page.getByText('You have no API keys, so your API is inaccessible.')).toBeVisible();

  const headers = { 'x-api-key': key, 'user-agent': 'curl/8.5.0' };
  expect((await request.get('/auth/verify', { headers })).status()).toBe(401);
  const summary = page.getByText('Expired and removed keys (2), 1 is still being tried');
  const table = page.getByRole('table', { name: 'Expired and removed keys' });
  // The attempt is recorded a moment later, perhaps between two of the page's reads.
  await expect(async () => {
    await page.goto('/profile/api-keys');
    await expect(summary).toBeVisible({ timeout: 500 });
    await expect(table).toBeHidden();
    await summary.click();
    await expect(rowOf(page, key)).toContainText('Still being tried', { timeout: 500 });
  }).toPass();

  await expect(table).toBeVisible();
  await expect(rowOf(page, key)).toContainText('laptop');
  await expect(rowOf(page, key)).toContainText('Removed less than a minute ago by you.');
  await expect(rowOf(page, key)).toContainText(
    'Still being tried: last less than a minute ago from 127.0.0.1 (curl 8.5), at least once.',
  );
  const expiredRow = table.getByRole('row').filter({ hasText: 'nightly backup' });
  await expect(expiredRow).toContainText(`${expired}…`);
  await expect(expiredRow).toContainText('Expired 10 days ago.');
  await inspect(page, 'api-keys, expired and removed');

  await summary.press('Enter');
  await expect(table).toBeHidden();
});
