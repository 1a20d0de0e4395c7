import {
  authenticate,
  createKey,
  expect,
  inspect,
  logIn,
  openApiKeys,
  test,
} from './support/fixtures.ts';

test('every page uses the time zone that a person chooses', async ({ page, person }) => {
  await openApiKeys(page, person);
  await createKey(page, 'laptop');
  await page
    .getByRole('navigation', { name: 'My Profile' })
    .getByRole('link', { name: 'My Profile' })
    .click();
  await page.getByLabel('Time zone').selectOption('Pacific/Kiritimati');
  await page.getByRole('button', { name: 'Save Changes' }).click();
  await expect(page.getByRole('status')).toHaveText('Your profile has been saved.');
  await expect(page.getByRole('status')).toBeFocused();
  await expect(page).toHaveTitle(/^Your profile has been saved · My Profile · /);
  await expect(page.getByLabel('Time zone')).toHaveValue('Pacific/Kiritimati');
  await inspect(page, 'profile, saved');

  await page.getByRole('link', { name: 'API Keys' }).click();
  const time = page.getByRole('table', { name: 'API Keys' }).locator('time');
  const there = new Date(Date.parse((await time.getAttribute('datetime')) ?? '') + 14 * 3_600_000);
  await expect(time).toHaveText(there.toISOString().slice(0, 16).replace('T', ' '));
  await page.getByRole('heading', { name: 'Recent activity' }).click();
  const event = page.getByRole('table', { name: 'Recent activity' }).locator('time').first();
  await expect(event).toHaveText(there.toISOString().slice(0, 16).replace('T', ' '));
});

test('My Profile prints the user name and the e-mail', { tag: '@once' }, async ({
  page,
  person,
}) => {
  await logIn(page, person);
  await page.goto('/profile');
  await authenticate(page, person);
  await expect(page).toHaveTitle(/^My Profile/);
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByText(`${person.username}@example.com`)).toBeVisible();
});

test('My Profile offers the time zone of the browser', { tag: '@javascript' }, async ({
  person,
  browser,
  baseURL,
}) => {
  // By its old name, as browsers report it.
  const context = await browser.newContext({ baseURL: baseURL ?? '', timezoneId: 'Asia/Calcutta' });
  const page = await context.newPage();
  await logIn(page, person);
  await page.goto('/profile');
  await authenticate(page, person);
  const main = page.getByRole('main');
  await expect(main).toContainText('You seem to be in Asia/Kolkata.');
  await inspect(page, 'profile, zone offered');
  await page.getByRole('button', { name: 'Choose it' }).click();
  await expect(page.getByLabel('Time zone')).toBeFocused();
  await page.getByRole('button', { name: 'Save Changes' }).click();
  await expect(page.getByRole('status')).toHaveText('Your profile has been saved.');
  await expect(page.getByLabel('Time zone').getByRole('option', { selected: true })).toHaveText(
    'Kolkata (UTC+05:30)',
  );
  await expect(page.getByText('You seem to be in')).toBeHidden();
  await page.goto('/profile/password');
  await expect(main).toContainText('Times are in Asia/Kolkata. Change');
  await context.close();
});

test('changing the password signs the person out elsewhere', async ({
  page,
  person,
  browser,
  baseURL,
  javaScriptEnabled,
}) => {
  const elsewhere = await browser.newContext({ baseURL: baseURL ?? '' });
  const other = await elsewhere.newPage();
  await logIn(other, person);

  await logIn(page, person);
  await page.goto('/profile/password');
  await authenticate(page, person);
  await expect(page).toHaveTitle('Password & Authentication · My Profile · Linode Manager');
  const sessions = page.getByRole('table', { name: 'Where you are signed in' });
  await expect(sessions.getByRole('row')).toHaveCount(3);
  await expect(sessions).toContainText('This session');
  await expect(sessions).toContainText(/Chrome( Headless)? on Linux/);
  await inspect(page, 'password');

  const change = async (current: string, password: string, again: string) => {
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password', { exact: true }).fill(password);
    await page.getByLabel('New password again').fill(again);
    await page.getByRole('button', { name: 'Change Password' }).click();
  };
  if (javaScriptEnabled !== false) {
    await page.getByRole('button', { name: 'Show' }).click();
    await expect(page.getByLabel('New password again')).toHaveAttribute('type', 'text');
  }
  await change('a wrong one', 'password1', 'password2');
  await expect(page.getByLabel('Current password')).toHaveAccessibleDescription(
    'That is not your password. Try again.',
  );
  await expect(page.getByLabel('New password', { exact: true })).toHaveAccessibleDescription(
    /one of the most common passwords/,
  );
  await expect(page.getByLabel('New password again')).toHaveAccessibleDescription(
    'The passwords do not match.',
  );
  await expect(page.getByLabel('Current password')).toBeFocused();
  await expect(page).toHaveTitle(/^Error: Password & Authentication · /);
  await expect(page.getByRole('alert').getByRole('link')).toHaveCount(3);
  await inspect(page, 'password, wrong');

  const changed = 'a new and better one';
  await change(person.password, changed, changed);
  await expect(page.getByRole('status')).toHaveText('Your password has been changed.');
  await expect(sessions.getByRole('row')).toHaveCount(2);
  await other.reload();
  await expect(other).toHaveURL('/login');

  await logIn(other, { ...person, password: changed });
  await page.reload();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await expect(page.getByRole('status')).toHaveText('That session has been signed out.');
  await other.reload();
  await expect(other).toHaveURL('/login');
  await elsewhere.close();
});

test('after too many wrong passwords a person must wait, and the username stays', {
  tag: '@once',
}, async ({ page, person }) => {
  await page.goto('/login?next=%2Fprofile');
  await page.getByLabel('Username').fill(person.username);
  const statuses: number[] = [];
  while (statuses.length === 0 || statuses.at(-1) === 401) {
    await page.getByLabel('Password').fill('a wrong one');
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: 'Log in' }).click();
    statuses.push((await answer).status());
  }
  expect(statuses.at(-1)).toBe(429);
  await expect(page.getByRole('alert')).toHaveText(
    /Too many failed attempts\. Try again in \d+ (second|minute)s?\./,
  );
  await expect(page.getByLabel('Password')).toHaveValue('');
  await expect(page.getByLabel('Username')).toHaveValue(person.username);
  await inspect(page, 'login, too many attempts');
});
