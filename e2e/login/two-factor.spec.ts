import { authenticate, expect, givePassword, inspect, logIn, test } from '../support/fixtures.ts';
import { enableTwoFactor, enterCode, freshCode, WRONG_CODE } from '../support/two-factor.ts';

test('a person with two-factor authentication logs in with password and code', async ({
  page,
  person,
  app,
}) => {
  const { secret } = await enableTwoFactor(person);
  await page.goto('/profile');
  await givePassword(page, person);
  await expect(page).toHaveURL('/login/two-factor?next=%2Fprofile');
  const code = page.getByLabel('Please enter your authentication code.');
  await expect(code).toBeFocused();
  await inspect(page, 'login, two-factor');

  // No page is open yet.
  await page.goto('/');
  await expect(page).toHaveURL('/login');
  await page.goto('/login/two-factor?next=%2Fprofile');
  await enterCode(page, WRONG_CODE);
  await expect(page.getByRole('alert')).toHaveText('That is not the code. Try again.');
  await expect(code).toHaveValue('');
  await inspect(page, 'login, two-factor, wrong code');

  await enterCode(page, await freshCode(app, person, secret));
  await expect(page).toHaveURL('/profile/authenticate?next=%2Fprofile');
  // The code is recent, so the password is enough.
  await expect(page.getByLabel('Token')).toHaveCount(0);
  await authenticate(page, person);
  await expect(page).toHaveURL('/profile');
});

test('a trusted computer needs no code, at the log in and at Authenticate, until it is forgotten', async ({
  page,
  person,
  app,
}) => {
  const { secret } = await enableTwoFactor(person);
  const logOut = () => page.getByRole('button', { name: 'log out' }).click();
  const begin = async () => {
    await page.goto('/login');
    await givePassword(page, person);
  };
  const trust = page.getByLabel('Trust this computer for 30 days');
  await begin();
  await expect(trust).not.toBeChecked();
  await trust.check();
  await enterCode(page, WRONG_CODE);
  await expect(trust).toBeChecked();
  await inspect(page, 'login, two-factor, trust');
  await enterCode(page, await freshCode(app, person, secret));
  await expect(page).toHaveURL('/');
  await logOut();

  await begin();
  await expect(page).toHaveURL('/');
  await page.goto('/profile/password');
  await expect(page.getByLabel('Token')).toHaveCount(0);
  await authenticate(page, person);
  const row = page.getByRole('row').filter({ hasText: 'This session' });
  await expect(row.getByRole('cell', { name: 'Trusted until' })).toBeVisible();
  await inspect(page, 'password, trusted device');
  await row.getByRole('button', { name: 'Forget' }).click();
  await expect(page.getByRole('status')).toContainText(
    'This device has been forgotten. You stay signed in; your next login here is as on a new device.',
  );
  await logOut();

  await begin();
  await expect(page).toHaveURL('/login/two-factor');
});

test('a code that was used is refused, and a scratch code works once', { tag: '@once' }, async ({
  page,
  person,
  app,
}) => {
  const { secret, scratchCodes } = await enableTwoFactor(person);
  const [scratchCode = ''] = scratchCodes;
  const code = await freshCode(app, person, secret);
  const logOut = () => page.getByRole('button', { name: 'log out' }).click();
  const begin = async () => {
    await page.goto('/login');
    await givePassword(page, person);
  };
  await begin();
  await enterCode(page, code);
  await logOut();
  await begin();
  await enterCode(page, code);
  await expect(page.getByRole('alert')).toHaveText(
    'This code has been used. Wait for the next one.',
  );
  await enterCode(page, scratchCode);
  await expect(page).toHaveURL('/');
  await logOut();
  await begin();
  await enterCode(page, scratchCode);
  await expect(page.getByRole('alert')).toHaveText('That is not the code. Try again.');
});

test('the next visit says that somebody knew the password but not the code', {
  tag: '@once',
}, async ({ page, person, app, browser }) => {
  const { secret } = await enableTwoFactor(person);
  const elsewhere = await browser.newPage({ userAgent: 'another browser' });
  await elsewhere.goto('/login');
  await givePassword(elsewhere, person);
  await enterCode(elsewhere, WRONG_CODE);
  await expect(elsewhere.getByRole('alert')).toBeVisible();
  await elsewhere.close();

  await page.goto('/login');
  await givePassword(page, person);
  await enterCode(page, await freshCode(app, person, secret));
  await expect(page.getByRole('region', { name: 'What happened meanwhile' })).toContainText(
    'Someone who knows your password failed at the code.',
  );
  await inspect(page, 'home, failed code');
});

test('a log in that took too long says so, and starts again', { tag: '@once' }, async ({
  page,
  person,
  app,
}) => {
  const { secret } = await enableTwoFactor(person);
  await page.goto('/login?next=%2Fdocumentation');
  await givePassword(page, person);
  await app.perform('let the log in wait', person.username);
  await enterCode(page, await freshCode(app, person, secret));
  await expect(page).toHaveURL('/login?next=%2Fdocumentation');
  await expect(page.getByRole('status')).toContainText('The login took too long');
});

test('without two-factor authentication nothing is asked after the password', {
  tag: '@once',
}, async ({ page, person }) => {
  await logIn(page, person);
  await page.getByRole('link', { name: 'my profile', exact: true }).click();
  await expect(page.getByLabel('Token')).toHaveCount(0);
});
