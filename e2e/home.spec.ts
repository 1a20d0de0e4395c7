import { Visitor } from '../server/testing/visitor.ts';
import { expect, givePassword, inspect, logIn, test } from './support/fixtures.ts';

const DAY = 24 * 60 * 60_000;

test('a key that is in use and expires soon is named on the home page and on the tab', async ({
  page,
  person,
  app,
}) => {
  const at = (days: number) => new Date(Date.now() + days * DAY).toISOString();
  const key = {
    label: 'deploy',
    prefix: 'lmkexpiringsoon1',
    via: 'API',
    createdAt: at(-90),
  } as const;
  const unused = { ...key, label: 'unused', prefix: 'lmkexpiringsoon2', expiresAt: at(5) };
  const used = { lastUsedAt: at(-1), lastUsedIp: '203.0.113.9' };
  await app.givePast(person.username, [{ ...key, expiresAt: at(4.5), ...used }, unused]);
  await logIn(page, person);
  const warning = page.getByRole('listitem').filter({ hasText: 'expires in' });
  await expect(warning).toHaveText(
    'deploy lmkexpiringsoon1… expires in 4 days, and was last used 1 day ago. Rotate',
  );
  await expect(warning.getByRole('link')).toHaveAttribute(
    'href',
    /^\/profile\/api-keys\/\d+#rotate$/,
  );
  await inspect(page, 'home, a key that expires soon');
});

test('what happened elsewhere is on the home page, until it is dismissed on this device', async ({
  page,
  person,
  browser,
}) => {
  const { origin, username, password } = person;
  const elsewhere = await browser.newPage({ userAgent: 'another browser' });
  await elsewhere.goto('/login');
  await givePassword(elsewhere, { ...person, password: 'not the password' });
  await expect(elsewhere.getByRole('alert')).toBeVisible();
  const program = new Visitor(origin);
  await program.logIn(username, password);
  await program.authenticate(password);
  await program.createKey({ label: 'made elsewhere' });

  await logIn(page, person);
  const box = page.getByRole('region', { name: 'What happened meanwhile' });
  const told = [
    /^There was 1 failed login\. It was on \S+ \S+, from \S+\.$/,
    /^1 key was created\. It was on /,
  ];
  await expect(box.getByRole('listitem')).toHaveText(told);
  await inspect(page, 'home, what happened meanwhile');
  await expect(box.getByRole('link', { name: '1 key was created' })).toHaveAttribute(
    'href',
    '/profile/activity?kind=key+made',
  );
  await box.getByRole('button', { name: 'Dismiss on this device' }).click();
  await expect(page).toHaveURL('/');
  await expect(box).toHaveCount(0);

  await elsewhere.goto('/login');
  await givePassword(elsewhere, person);
  await expect(
    elsewhere.getByRole('region', { name: 'What happened meanwhile' }).getByRole('listitem'),
  ).toHaveText(told);
  await elsewhere.close();
});
