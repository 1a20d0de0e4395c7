import { currentCode } from '../../server/testing/visitor.ts';
import { expect, givePassword, inspect, test } from '../support/fixtures.ts';
import { beginTwoFactor, shownScratchCodes } from '../support/two-factor.ts';

test('where two-factor authentication is required, a person sets it up at log in, and goes on', async ({
  page,
  person,
  app,
}) => {
  const { strictOrigin } = app;
  await page.goto(`${strictOrigin}/documentation`);
  await givePassword(page, person);
  const step = `${strictOrigin}/login/set-up?next=%2Fdocumentation`;
  await expect(page).toHaveURL(step);
  await expect(page.getByText('Two-factor authentication is required here.')).toBeVisible();
  await inspect(page, 'login, set-up');

  // Other pages are not open yet.
  await page.goto(`${strictOrigin}/profile/password`);
  await expect(page).toHaveURL(`${strictOrigin}/login/set-up?next=%2Fprofile%2Fpassword`);
  await page.goto(step);
  const secret = await beginTwoFactor(page);
  await inspect(page, 'login, set-up, secret');
  const token = page.getByLabel('Enter the token that the app shows.');
  const confirm = page.getByRole('button', { name: 'Confirm' });
  await token.fill('wrong');
  await confirm.click();
  await expect(page.getByRole('alert')).toHaveText('That is not the token. Try again.');
  await expect(page.getByText('The secret cannot be shown again.')).toBeVisible();
  await inspect(page, 'login, set-up, wrong token');
  await token.fill(currentCode(secret));
  await confirm.click();
  expect(await shownScratchCodes(page)).toHaveLength(10);
  await inspect(page, 'login, set-up, scratch codes');
  await page.getByRole('link', { name: 'Continue' }).click();
  await expect(page).toHaveURL(`${strictOrigin}/documentation`);
});
