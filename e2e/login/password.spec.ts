import { expect, givePassword, inspect, test } from '../support/fixtures.ts';
import { enableTwoFactor, enterCode, freshCode } from '../support/two-factor.ts';

const NEW = 'a new and better password';

test('a temporary password is changed after the code, and then the person goes on', async ({
  page,
  person,
  app,
}) => {
  const { secret } = await enableTwoFactor(person);
  await app.perform('make the password temporary', person.username);

  await page.goto('/profile/activity');
  await givePassword(page, person);
  await enterCode(page, await freshCode(app, person, secret));
  await expect(page).toHaveURL('/login/password?next=%2Fprofile%2Factivity');
  await expect(page.getByText('Your password is temporary.')).toBeVisible();
  const temporary = page.getByLabel('Temporary password');
  await expect(temporary).toBeFocused();
  await inspect(page, 'login, temporary password');

  // Other pages are not open yet.
  await page.goto('/profile');
  await expect(page).toHaveURL('/login/password?next=%2Fprofile');
  await page.goto('/login/password?next=%2Fprofile%2Factivity');
  const fill = async (password: string) => {
    await temporary.fill(person.password);
    await page.getByLabel('New password', { exact: true }).fill(password);
    await page.getByLabel('New password again').fill(password);
    await page.getByRole('button', { name: 'Change Password' }).click();
  };
  await fill('short');
  await expect(page.getByRole('alert')).toHaveText('Use at least 8 characters.');
  await expect(page.getByLabel('New password', { exact: true })).toBeFocused();
  await inspect(page, 'login, temporary password, refused');
  await fill(NEW);
  await expect(page).toHaveURL('/profile/activity');
  await expect(page.getByRole('status')).toHaveText('Your password has been changed.');
});

test('a person with a temporary password can log out instead of changing it', {
  tag: '@once',
}, async ({ page, person, app }) => {
  await app.perform('make the password temporary', person.username);
  await page.goto('/login');
  await givePassword(page, person);
  await expect(page).toHaveURL('/login/password');
  await page.getByRole('button', { name: 'log out' }).click();
  await expect(page).toHaveURL('/login');
});
