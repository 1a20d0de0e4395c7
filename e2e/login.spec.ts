import { expect, inspect, logIn, test } from './fixtures.ts';

test('a person logs in, reads where they stand, and logs out', async ({ page, person }) => {
  await page.goto('/');
  await expect(page).toHaveURL('/login');
  await expect(page).toHaveTitle('Log in · Linode Manager');
  await inspect(page, 'login');

  await logIn(page, person);
  await expect(page).toHaveURL('/');
  const main = page.getByRole('main');
  await expect(main).toContainText('Your API is inaccessible: you have no active API keys.');
  await expect(main).toContainText('This is your first log in.');
  await inspect(page, 'home');

  await page.getByRole('button', { name: 'log out' }).click();
  await expect(page).toHaveURL('/login');
  await page.goto('/profile');
  await expect(page).toHaveURL('/login?next=%2Fprofile');
});

test('a wrong password keeps the user name and asks again', async ({ page, person }) => {
  await page.goto('/login');
  await page.getByLabel('Username').fill(person.username);
  await page.getByLabel('Password').fill('a wrong one');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toHaveText(
    'Login failed. Check your username and password.',
  );
  await expect(page.getByLabel('Username')).toHaveValue(person.username);
  await expect(page.getByLabel('Password')).toHaveValue('');
  await expect(page.getByLabel('Password')).toBeFocused();
  await inspect(page, 'login, wrong password');

  await page.getByLabel('Password').fill(person.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/');
});

test('a page that is not there says so, and leads back', async ({ page, person }) => {
  await logIn(page, person);
  await page.goto('/nothing');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Not found');
  await inspect(page, 'not found');
  await page.getByRole('link', { name: 'Back to Linode Manager' }).click();
  await expect(page).toHaveURL('/');
});
