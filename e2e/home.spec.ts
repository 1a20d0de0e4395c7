import { expect, inspect, logIn, test } from './fixtures.ts';

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
