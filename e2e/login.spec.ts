import { authenticate, expect, inspect, logIn, test } from './support/fixtures.ts';

test('a person logs in, sees the state of the account, and logs out', async ({ page, person }) => {
  await page.goto('/');
  await expect(page).toHaveURL('/login');
  await expect(page).toHaveTitle('Log in · Linode Manager');
  await inspect(page, 'login');

  await logIn(page, person);
  await expect(page).toHaveURL('/');
  const main = page.getByRole('main');
  await expect(main).toContainText('Your API is inaccessible: you have no active API keys.');
  await expect(main).toContainText('This is your first login.');
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
  await expect(page).toHaveTitle('Error: Log in · Linode Manager');
  await inspect(page, 'login, wrong password');

  await page.getByLabel('Password').fill(person.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/');
});

test('an unknown page is Not found, with links back', async ({ page, person }) => {
  await logIn(page, person);
  await page.goto('/nothing');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Not found');
  await inspect(page, 'not found');
  for (const [name, url] of [
    ['Back to Linode Manager', '/'],
    ['API Keys', '/profile/authenticate?next=%2Fprofile%2Fapi-keys'],
  ] as const) {
    await page.goto('/nothing');
    await page.getByRole('main').getByRole('link', { name }).click();
    await expect(page).toHaveURL(url);
  }
  await page.getByRole('button', { name: 'log out' }).click();
  await page.goto('/nothing');
  await page.getByRole('link', { name: 'Log in' }).click();
  await expect(page).toHaveURL('/login');
});

test('the black bar links to My Profile and marks the current page', async ({ page, person }) => {
  await logIn(page, person);
  const bar = page.getByRole('navigation', { name: 'Linode Manager' });
  const link = bar.getByRole('link', { name: 'My Profile' });
  await expect(link).not.toHaveAttribute('aria-current');
  await link.click();
  await expect(link).toHaveAttribute('aria-current', 'true');
  await authenticate(page, person);
  await expect(page).toHaveURL('/profile');
  await expect(link).toHaveAttribute('aria-current', 'page');
});

test('Show shows the password, and sending the form hides it', {
  tag: '@javascript',
}, async ({ page, person }) => {
  await page.goto('/login');
  const password = page.getByLabel('Password');
  await password.fill(person.password);
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(password).toHaveAttribute('type', 'text');
  await inspect(page, 'login, password shown');
  await page.getByRole('button', { name: 'Hide' }).click();
  await expect(password).toHaveAttribute('type', 'password');

  await page.getByRole('button', { name: 'Show' }).press('Enter');
  await expect(password).toHaveAttribute('type', 'text');
  await password.evaluate((input: HTMLInputElement) => {
    input.form?.addEventListener('submit', () => sessionStorage.setItem('sent as', input.type));
  });
  await page.getByLabel('Username').fill(person.username);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).toHaveURL('/');
  expect(await page.evaluate(() => sessionStorage.getItem('sent as'))).toBe('password');
});

test('a second click before the answer sends nothing', {
  tag: ['@javascript', '@once'],
}, async ({ page, person }) => {
  let posts = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST') posts++;
  });
  await page.goto('/login');
  await page.getByLabel('Username').fill(person.username);
  await page.getByLabel('Password').fill(person.password);
  // Not `dblclick`: its clicks are so close that the first request is dropped before it is sent.
  await page.getByRole('button', { name: 'Log in' }).evaluate((button: HTMLButtonElement) => {
    button.click();
    setTimeout(() => button.click(), 50);
  });
  await expect(page).toHaveURL('/');
  expect(posts).toBe(1);
});

test('while an answer takes long, the button says what is going on', {
  tag: ['@javascript', '@once'],
}, async ({ page, person }) => {
  await page.goto('/login');
  await page.getByLabel('Username').fill(person.username);
  await page.getByLabel('Password').fill(person.password);
  // The request is never answered.
  await page.route('/login', () => undefined, { times: 1 });
  const button = page.getByRole('button', { name: 'Log in' });
  // Locators wait for the answer, so the page itself stops the request when the button has this text.
  await button.evaluate((element: HTMLButtonElement) => {
    new MutationObserver((_changes, observer) => {
      if (element.textContent !== 'Logging in…') return;
      observer.disconnect();
      stop();
    }).observe(element, { childList: true });
  });
  const stopped = page.waitForEvent('requestfailed');
  await button.click();
  await stopped;
  await expect(button).toHaveText('Log in');
});

test('a form whose request was stopped can be sent again', {
  tag: ['@javascript', '@once'],
}, async ({ page, person }) => {
  await page.goto('/login');
  await page.getByLabel('Username').fill(person.username);
  const password = page.getByLabel('Password');
  await password.fill(person.password);
  await password.evaluate((input: HTMLInputElement) => {
    input.form?.addEventListener('submit', () => setTimeout(() => stop(), 200), { once: true });
  });
  // The request is never answered.
  await page.route('/login', () => undefined, { times: 1 });
  const stopped = page.waitForEvent('requestfailed');
  await page.getByRole('button', { name: 'Log in' }).click();
  await stopped;
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).toHaveURL('/');
});
