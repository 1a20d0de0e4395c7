// A form that comes too late: the page says that nothing was done, and keeps what was typed.
import {
  authenticate,
  createKey,
  expect,
  inspect,
  openApiKeys,
  shownKey,
  test,
} from '../../support/fixtures.ts';

test('a creation whose password became stale keeps what was typed', { tag: '@once' }, async ({
  page,
  person,
  app,
}) => {
  await openApiKeys(page, person);
  await page.getByLabel('Label', { exact: true }).fill('typed before');
  await page.getByLabel('Expires').selectOption('3 months');
  await app.perform('let re-authentication pass', person.username);
  await page.getByRole('button', { name: 'Create API Key' }).click();

  await expect(page.getByRole('status')).toHaveText(
    'These settings are locked, so nothing was done yet. Enter your password, then send the form again.',
  );
  await inspect(page, 'authenticate, not done');
  await authenticate(page, person);
  await expect(page.getByRole('status')).toHaveText(
    'Nothing was done yet. Check the form and send it again.',
  );
  await inspect(page, 'api-keys, not done');
  await expect(page.getByRole('rowheader')).toHaveCount(0);
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('typed before');
  await expect(page.getByLabel('Expires')).toHaveValue('3-months');
  await page.getByRole('button', { name: 'Create API Key' }).click();
  await shownKey(page);
});

test('a creation after the session has ended returns to the form after log in', {
  tag: '@once',
}, async ({ page, person, context }) => {
  await openApiKeys(page, person);
  await page.getByLabel('Label', { exact: true }).fill('typed before');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Create API Key' }).click();

  await expect(page.getByRole('status')).toHaveText(
    'You are signed out, so nothing was done yet. Log in, then send the form again.',
  );
  await inspect(page, 'login, not done');
  await page.getByLabel('Username').fill(person.username);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('status')).toContainText('These settings are locked');
  await authenticate(page, person);
  await expect(page.getByRole('status')).toContainText('Nothing was done yet.');
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('typed before');
  await createKey(page, 'typed before');
});

test('when the session has ended in another tab, the page says so and nothing is created', {
  tag: '@once',
}, async ({ page, person, context }) => {
  await openApiKeys(page, person);
  await page.getByLabel('Label', { exact: true }).fill('typed before');
  const other = await context.newPage();
  await other.goto('/');
  await other.getByRole('button', { name: 'log out' }).click();
  await other.getByLabel('Username').fill(person.username);
  await other.getByLabel('Password').fill(person.password);
  await other.getByRole('button', { name: 'Log in' }).click();
  await other.getByRole('link', { name: 'my profile', exact: true }).click();
  await authenticate(other, person);

  await page.getByRole('button', { name: 'Create API Key' }).click();
  await expect(page.getByRole('status')).toHaveText(
    'Your session changed, so nothing was done. Please try again.',
  );
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('typed before');
  await expect(page.getByRole('rowheader')).toHaveCount(0);
  await inspect(page, 'api-keys, session changed');
  await createKey(page, 'typed before');
});
