import { readFile } from 'node:fs/promises';
import { Visitor } from '../../server/testing/visitor.ts';
import {
  authenticate,
  createKey,
  expect,
  inspect,
  logIn,
  openApiKeys,
  rowOf,
  test,
} from '../support/fixtures.ts';

test('a person sees the latest events on the tab, and all of them on a page', async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'ci');
  const recent = page.getByRole('table', { name: 'Recent activity' });
  await expect(recent).toBeHidden();
  await page.getByRole('heading', { name: 'Recent activity' }).click();
  await expect(recent.getByRole('row').nth(1).getByRole('cell')).toHaveText([
    new RegExp(`^\\s*Created key ${key.slice(0, 16)}…\\s*ci\\s*$`),
    /^\s*\d{4}-\d\d-\d\d \d\d:\d\d\s*$/,
    /^127\.0\.0\.1/,
  ]);
  await inspect(page, 'api-keys, recent activity');

  await page.getByRole('link', { name: 'All activity' }).click();
  await expect(page).toHaveTitle('Activity · My Profile · Linode Manager');
  const tabs = page.getByRole('navigation', { name: 'My Profile' });
  await expect(tabs.getByRole('link', { name: 'Activity' })).toHaveAttribute(
    'aria-current',
    'page',
  );
  const all = page.getByRole('table', { name: 'Activity', exact: true });
  await expect(all.getByRole('row')).toHaveCount(4);
  await inspect(page, 'activity');
});

test('a person filters the activity by key and by kind of event', async ({ page, person }) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'ci');
  await createKey(page, 'other');
  await rowOf(page, key).getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'OK' }).click();
  await page
    .getByRole('navigation', { name: 'My Profile' })
    .getByRole('link', { name: 'Activity' })
    .click();

  const what = page.getByRole('table', { name: 'Activity', exact: true }).getByRole('row');
  await page.getByLabel('Key').selectOption({ label: `${key.slice(0, 16)}… ci` });
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(what).toContainText(['What', 'Removed key', 'Created key']);
  await expect(what).toHaveCount(3);

  await page.getByLabel('What').selectOption('Removed key');
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(what).toHaveCount(2);
  await expect(page.getByLabel('Key')).toHaveValue(/^\d+$/);
  await inspect(page, 'activity, filtered');

  await page.getByLabel('Key').selectOption('With or without a key');
  await page.getByLabel('What').selectOption('Created key');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('link', { name: 'other' }).click();
  await expect(what).toContainText(['What', 'Created key']);
  await expect(what).toHaveCount(2);
});

test('failed log ins in a row are one row, and downloads have each of them', {
  tag: '@once',
}, async ({ page, person }) => {
  await page.goto('/login');
  for (let attempt = 0; attempt < 3; attempt++) {
    await page.getByLabel('Username').fill(person.username);
    await page.getByLabel('Password').fill('a wrong password');
    await page.getByRole('button', { name: 'Log in' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
  }
  await openApiKeys(page, person);
  await page.goto('/profile/activity');
  const table = page.getByRole('table', { name: 'Activity', exact: true });
  await expect(table.getByRole('row')).toContainText([
    'What',
    'Re-authenticated',
    'Logged in',
    'Failed login, 3 times',
  ]);

  await page.getByLabel('What').selectOption('Failed login');
  await page.getByRole('button', { name: 'Show' }).click();
  for (const [format, lines] of [
    ['CSV', 5],
    ['NDJSON', 4],
  ] as const) {
    const waiting = page.waitForEvent('download');
    await page.getByRole('link', { name: format, exact: true }).click();
    const file = await waiting;
    expect(file.suggestedFilename()).toBe(`activity.${format.toLowerCase()}`);
    expect((await readFile(await file.path(), 'utf8')).split('\n')).toHaveLength(lines);
  }
});

test('a person turns the pages of a long list', { tag: '@once' }, async ({ page, person }) => {
  const visitor = new Visitor(person.origin);
  for (let visit = 0; visit < 13; visit++) {
    await visitor.logIn(person.username);
    await visitor.post('/logout');
  }
  await logIn(page, person);
  await page.goto('/profile/activity');
  await authenticate(page, person);
  const rows = page.getByRole('table', { name: 'Activity', exact: true }).getByRole('row');
  const pages = page.getByRole('navigation', { name: 'Pages of activity' });
  await expect(rows).toHaveCount(26);
  await expect(pages.getByRole('link')).toHaveText(['Older']);
  await pages.getByRole('link', { name: 'Older' }).click();
  await expect(rows.last()).toContainText('Logged in');
  await expect(pages.getByRole('link')).toHaveText(['Newest', 'Newer']);
  await inspect(page, 'activity, last page');
  await pages.getByRole('link', { name: 'Newer' }).click();
  await expect(rows).toHaveCount(26);
});
