import { authenticate, expect, inspect, logIn, test } from '../fixtures.ts';

test('my profile asks for the password again', async ({ page, person }) => {
  await logIn(page, person);
  await page.getByRole('link', { name: 'my profile' }).click();
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

test('a deep link is reached after log in and Authenticate', async ({ page, person }) => {
  await page.goto('/profile/api-keys?label=ci&expires=3-months');
  await page.getByLabel('Username').fill(person.username);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await authenticate(page, person);
  await expect(page).toHaveURL('/profile/api-keys?label=ci&expires=3-months');
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('ci');
  await expect(page.getByLabel('Expires')).toHaveValue('3-months');
});
