import type { APIRequestContext } from 'playwright/test';
import {
  createKey,
  expect,
  inspect,
  openApiKeys,
  type Person,
  rowOf,
  test,
} from '../../support/fixtures.ts';

test('the table shows when and from where a program used a key', async ({
  page,
  request,
  person,
}) => {
  await openApiKeys(page, person);
  const used = await createKey(page, 'used');
  const unused = await createKey(page, 'unused');
  await expect(rowOf(page, used)).toContainText('Never used');

  const answer = await request.get('/auth/verify', {
    headers: { authorization: `Bearer ${used}` },
  });
  expect(answer.status()).toBe(204);
  expect(answer.headers()['x-auth-user']).toBe(person.username);
  await expect(async () => {
    await page.goto('/profile/api-keys');
    await expect(rowOf(page, used)).toContainText('from 127.0.0.1', { timeout: 500 });
  }).toPass();
  await expect(rowOf(page, used)).toContainText('Right Now!');
  await expect(rowOf(page, unused)).toContainText('Never used');
  await inspect(page, 'keys in use');
});

test('a program creates a key through the API, and the key removes itself', {
  tag: '@once',
}, async ({ page, request, person }) => {
  const key = await getApiKey(request, person);
  await openApiKeys(page, person);
  await expect(rowOf(page, key)).toContainText('via API');
  await expect(rowOf(page, key)).toContainText('6 days');

  const answer = await request.delete('/api/key', { headers: { 'x-api-key': key } });
  expect(answer.status()).toBe(204);
  await page.reload();
  await expect(rowOf(page, key)).toBeHidden();
  await page.getByRole('heading', { name: 'Recent activity' }).click();
  await expect(page.getByRole('table', { name: 'Recent activity' })).toContainText(
    `Removed key ${key.slice(0, 16)}…`,
  );
});

test('a user with as many keys as the API creates can create more on the page', {
  tag: '@once',
}, async ({ page, request, person }) => {
  await Promise.all(Array.from({ length: 20 }, () => getApiKey(request, person)));
  await openApiKeys(page, person);
  await page.getByLabel('Label', { exact: true }).fill('one more');
  await page.getByRole('button', { name: 'Create API Key' }).click();
  await expect(page.getByRole('status')).toContainText('Please record your new key');
  await expect(page.getByRole('row', { name: 'one more' })).toBeVisible();
});

/** What command-line programs of 2014 do first. */
async function getApiKey(request: APIRequestContext, person: Person): Promise<string> {
  const form = {
    api_action: 'user.getapikey',
    username: person.username,
    password: person.password,
  };
  const answer = await request.post('/', { form });
  const { DATA }: { DATA: { API_KEY: string } } = await answer.json();
  return DATA.API_KEY;
}
