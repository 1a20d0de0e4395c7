import {
  authenticate,
  expect,
  goBack,
  inspect,
  logIn,
  takeOver,
  test,
} from '../../support/fixtures.ts';
import {
  beginTwoFactor,
  enableTwoFactor,
  freshCode,
  shownScratchCodes,
  WRONG_CODE,
} from '../../support/two-factor.ts';

test('a person enables two-factor authentication, and sees scratch codes once', async ({
  page,
  person,
  app,
}) => {
  await logIn(page, person);
  await page.goto('/profile/password');
  await authenticate(page, person);
  await expect(page.getByRole('main')).toContainText(
    "When two-factor authentication is enabled, you'll need to provide a token before you can log in to your Linode Manager account.",
  );
  await inspect(page, 'password, two-factor offered');

  const secret = await beginTwoFactor(page);
  await inspect(page, 'two-factor, secret');
  const token = page.getByLabel('Token');
  await token.fill(WRONG_CODE);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await expect(token).toHaveAccessibleDescription('That is not the token. Try again.');
  await expect(page.getByRole('img', { name: 'QR code with the secret' })).toHaveCount(0);
  await inspect(page, 'two-factor, wrong token');

  await token.fill(await freshCode(app, person, secret));
  await page.getByRole('button', { name: 'Confirm' }).click();
  const scratchCodes = await shownScratchCodes(page);
  expect(new Set(scratchCodes).size).toBe(10);
  await inspect(page, 'two-factor, scratch codes');

  await page.getByRole('link', { name: 'Back to Password & Authentication' }).click();
  const main = page.getByRole('main');
  await expect(main).toContainText('Two-factor authentication is currently: Enabled - disable');
  await expect(main).toContainText('Scratch codes: 10 left');
  await inspect(page, 'password, two-factor enabled');
  const content = await goBack(page);
  expect(scratchCodes.filter((code) => content.includes(code))).toEqual([]);
});

test('ten minutes after the last code, Authenticate has a row for the token', async ({
  page,
  person,
  app,
}) => {
  const { visitor, secret } = await enableTwoFactor(person);
  await takeOver(page, visitor);
  await app.perform('let re-authentication pass', person.username);
  await page.goto('/profile/api-keys');
  const password = page.getByLabel('Your Password');
  const token = page.getByLabel('Token');
  const submit = page.getByRole('button', { name: 'Authenticate' });
  await inspect(page, 'authenticate, token');

  await password.fill(person.password);
  await token.fill(WRONG_CODE);
  await submit.click();
  const ONE_ANSWER = 'The password or the token is wrong. Try again.';
  await expect(password).toHaveAccessibleDescription(ONE_ANSWER);
  await password.fill('a wrong one');
  await token.fill(await freshCode(app, person, secret));
  await submit.click();
  await expect(password).toHaveAccessibleDescription(ONE_ANSWER);

  await password.fill(person.password);
  await token.fill(await freshCode(app, person, secret));
  await submit.click();
  await expect(page).toHaveURL('/profile/api-keys');
});

test('new scratch codes and disabling need the password and a token', async ({
  page,
  person,
  app,
}) => {
  const { visitor, secret, scratchCodes } = await enableTwoFactor(person);
  await takeOver(page, visitor);
  await page.goto('/profile/password');
  await page.getByRole('link', { name: 'create new ones' }).click();
  await inspect(page, 'two-factor, new scratch codes');
  await page.getByLabel('Your Password').fill(person.password);
  await page.getByLabel('Token').fill(await freshCode(app, person, secret));
  await page.getByRole('button', { name: 'Create Scratch Codes' }).click();
  const newCodes = await shownScratchCodes(page);
  expect(newCodes).toHaveLength(10);
  expect(newCodes.filter((code) => scratchCodes.includes(code))).toEqual([]);

  await page.goto('/profile/password');
  await page.getByRole('link', { name: 'disable', exact: true }).click();
  await inspect(page, 'two-factor, disable');
  await page.getByLabel('Your Password').fill(person.password);
  await page.getByLabel('Token').fill(scratchCodes[0] ?? '');
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByLabel('Your Password')).toHaveAccessibleDescription(
    /The password or the token is wrong/,
  );
  await page.getByLabel('Your Password').fill(person.password);
  await page.getByLabel('Token').fill(newCodes[0] ?? '');
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect(page).toHaveURL('/profile/password');
  await expect(page.getByRole('status')).toContainText(
    'Two-factor authentication is now disabled.',
  );
  await expect(
    page.getByRole('button', { name: 'Enable Two-Factor Authentication' }),
  ).toBeVisible();
});
