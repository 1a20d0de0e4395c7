import {
  authenticate,
  createKey,
  expect,
  inspect,
  logIn,
  openApiKeys,
  test,
} from '../support/fixtures.ts';

test('my profile asks for the password again', async ({ page, person }) => {
  await logIn(page, person);
  await page.getByRole('link', { name: 'my profile', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    `My Profile (${person.username}, in case you forgot)`,
  );
  await expect(page.getByRole('main')).toContainText('Re-authenticate to unlock these settings');
  await expect(page.getByLabel('Your Password')).toBeFocused();
  await inspect(page, 'authenticate');

  await authenticate(page, { ...person, password: 'a wrong one' });
  await expect(page.getByLabel('Your Password')).toHaveAccessibleDescription(
    'That is not your password. Try again.',
  );
  await inspect(page, 'authenticate, wrong password');

  await authenticate(page, person);
  await expect(page).toHaveURL('/profile');
  const tabs = page.getByRole('navigation', { name: 'My Profile' });
  await expect(tabs.getByRole('link', { name: 'My Profile' })).toHaveAttribute(
    'aria-current',
    'page',
  );
  await expect(page.getByRole('main')).toContainText(`${person.username}@example.com`);
  await inspect(page, 'profile');
});

test('a deep link leads to its page after log in and Authenticate', { tag: '@once' }, async ({
  page,
  person,
}) => {
  await page.goto('/profile/api-keys?label=ci&expires=3-months');
  await page.getByLabel('Username').fill(person.username);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await authenticate(page, person);
  await expect(page).toHaveURL('/profile/api-keys?label=ci&expires=3-months');
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('ci');
  await expect(page.getByLabel('Expires')).toHaveValue('3-months');
});

test('every page of the profile shows when it locks', { tag: '@any-screen' }, async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  await createKey(page);
  const removal = await page.getByRole('link', { name: 'Remove' }).getAttribute('href');
  for (const path of ['/profile', '/profile/api-keys', removal ?? '', '/profile/nothing']) {
    await page.goto(path);
    const time = page.getByText('Settings lock at').getByRole('time');
    const at = new Date((await time.getAttribute('datetime')) ?? '');
    await expect(time).toHaveText(at.toISOString().slice(11, 16));
    const minutes = (at.getTime() - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(8);
    expect(minutes).toBeLessThanOrEqual(10);
  }
  await page.goto('/');
  await expect(page.getByText('Settings lock at')).toHaveCount(0);
});

test('a page says when its settings have locked, and returns after Authenticate', {
  tag: '@javascript',
}, async ({ page, person, app }) => {
  await page.clock.install();
  await openApiKeys(page, person);
  const lock = page.getByRole('banner').getByText('These settings locked at');
  await page.clock.fastForward('09:30');
  await expect(page.getByText(/^Settings lock at \d\d:\d\d$/)).toBeVisible();
  await expect(lock).toBeHidden();
  await page.clock.fastForward('00:31');
  await expect(lock).toHaveText(/^These settings locked at \d\d:\d\d\. Re-authenticate$/);
  await expect(page.getByText('Settings lock at')).toBeHidden();
  await inspect(page, 'api-keys, locked');

  await app.perform('let re-authentication pass', person.username);
  await page.getByRole('link', { name: 'Re-authenticate' }).click();
  await expect(page.getByText('Settings lock at')).toHaveCount(0);
  await authenticate(page, person);
  await expect(page).toHaveURL('/profile/api-keys');
});
