import type { APIRequestContext } from 'playwright/test';
import {
  createKey,
  expect,
  inspect,
  openApiKeys,
  type Person,
  rowOf,
  test,
} from '../../fixtures.ts';

test('a key that a program uses says when, and from where', async ({ page, request, person }) => {
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

test('a program makes a key by itself, and the key removes itself', async ({
  page,
  request,
  person,
}) => {
  const key = await getApiKey(request, person);
  await openApiKeys(page, person);
  await expect(rowOf(page, key)).toContainText('via API');
  await expect(rowOf(page, key)).toContainText('6 days');

  const answer = await request.delete('/api/key', { headers: { 'x-api-key': key } });
  expect(answer.status()).toBe(204);
  await page.reload();
  await expect(rowOf(page, key)).toBeHidden();
  await expect(page.getByRole('region', { name: 'Recent activity' })).toContainText(
    `Key ${key.slice(0, 16)}… removed`,
  );
});

test('with twenty active keys the page asks to remove one first', { tag: '@once' }, async ({
  page,
  request,
  person,
}) => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => getApiKey(request, person)));
  await openApiKeys(page, person);
  await page.getByLabel('Label', { exact: true }).fill('one more');
  await page.getByRole('button', { name: 'Create API Key' }).click();
  const sentence = 'You have 20 active API keys, and that is the most. Remove one first.';
  await expect(page.getByText(sentence)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Create API Key' })).toHaveAccessibleDescription(
    sentence,
  );
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('one more');
  await inspect(page, 'too many keys');

  await request.delete('/api/key', { headers: { 'x-api-key': keys[0] ?? '' } });
  await page.getByRole('button', { name: 'Create API Key' }).click();
  await expect(page.getByRole('status')).toContainText('Please record your new key');
});

/** What the command lines of the time do first. */
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
