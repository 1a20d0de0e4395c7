// The page of one key: its facts, Edit, Rotate, Pause and Resume.
import type { Locator, Page } from 'playwright/test';
import {
  authenticate,
  createKey,
  expect,
  inspect,
  openApiKeys,
  type Person,
  rowOf,
  shownKey,
  test,
} from '../../support/fixtures.ts';

/** Creates a key, and follows `Edit` in its row. */
async function openKey(page: Page, person: Person, label = '', expires = 'Never') {
  await openApiKeys(page, person);
  const key = await createKey(page, label, expires);
  await rowOf(page, key).getByRole('link', { name: 'Edit' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(label || `${key.slice(0, 16)}…`);
  return key;
}

const form = (page: Page, name: string) => page.getByRole('form', { name });

/** The status of a call with a key. */
async function call(page: Page, key: string): Promise<number> {
  const answer = await page.request.get('/api/whoami', { headers: { 'x-api-key': key } });
  return answer.status();
}

test('a person edits label, note and expiry, and finds them in the list', async ({
  page,
  person,
}) => {
  const key = await openKey(page, person, 'laptop', '6 months');
  const facts = page.getByRole('region', { name: 'API Key' });
  await expect(facts).toContainText(`${key.slice(0, 16)}…`);
  await expect(facts).toContainText('Never used');
  await inspect(page, 'key');

  const edit = form(page, 'Edit');
  await expect(edit.getByLabel('Date')).toBeHidden();
  await edit.getByLabel('Label').fill('desktop');
  await edit.getByLabel('Note').fill('for the nightly build\nask Ada');
  await edit.getByLabel('Expires').selectOption('On a date…');
  await edit.getByLabel('Date').fill('2030-01-02');
  await edit.getByLabel('Time').fill('03:04');
  await edit.getByRole('button', { name: 'Save Changes' }).click();

  await expect(page.getByRole('status')).toHaveText('The key has been changed.');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('desktop');
  await expect(edit.getByLabel('Note')).toHaveValue('for the nightly build\nask Ada');
  await expect(facts).toContainText('2030-01-02 03:04');
  await page.getByRole('navigation', { name: 'Breadcrumb' }).getByText('API Keys').click();
  await expect(rowOf(page, key)).toContainText('desktop');
  await expect(rowOf(page, key)).toContainText('2030-01-02 03:04');
});

test('a wrong date is marked, and everything that was typed stays', async ({ page, person }) => {
  await openKey(page, person);
  const edit = form(page, 'Edit');
  await edit.getByLabel('Note').fill('typed');
  await edit.getByLabel('Expires').selectOption('On a date…');
  await edit.getByLabel('Date').fill('2014-02-13');
  await edit.getByLabel('Time').fill('07:42');
  await edit.getByRole('button', { name: 'Save Changes' }).click();

  await expect(page.getByRole('alert')).toHaveText('Choose a time in the future.');
  await expect(edit.getByLabel('Date')).toBeFocused();
  await expect(edit.getByLabel('Date')).toHaveAccessibleDescription(/Choose a time in the future/);
  await expect(edit.getByLabel('Note')).toHaveValue('typed');
  await expect(edit.getByLabel('Date')).toHaveValue('2014-02-13');
  await expect(edit.getByLabel('Time')).toHaveValue('07:42');
  await inspect(page, 'key, wrong date');
});

test('with a stale password, Edit keeps what was typed', { tag: '@once' }, async ({
  page,
  person,
  app,
}) => {
  await openKey(page, person, 'laptop');
  await app.perform('let re-authentication pass', person.username);
  const edit = form(page, 'Edit');
  await edit.getByLabel('Label').fill('');
  await edit.getByLabel('Note').fill('typed');
  await edit.getByRole('button', { name: 'Save Changes' }).click();
  await authenticate(page, person);
  await expect(edit.getByLabel('Label')).toHaveValue('');
  await expect(edit.getByLabel('Note')).toHaveValue('typed');
  await edit.getByRole('button', { name: 'Save Changes' }).click();
  await expect(page.getByRole('status')).toHaveText('The key has been changed.');
});

test('a person rotates a key, and both keys say how they belong together', async ({
  page,
  person,
}) => {
  const old = await openKey(page, person, 'build', '6 months');
  const rotate = form(page, 'Rotate');
  await expect(rotate.getByLabel('Expires')).toHaveValue('same');
  await rotate.getByRole('button', { name: 'Rotate' }).click();

  const key = await shownKey(page);
  await expect(page.getByRole('status')).toContainText(
    'The first call with this key, also a trial, starts the 24 hours.',
  );
  await expect(page.getByRole('status')).toBeFocused();
  await inspect(page, 'key, rotated');
  expect(await call(page, old)).toBe(200);

  await page.reload();
  await expect(page.getByRole('status')).toHaveText(
    'That key was already created. Its full value cannot be shown again.',
  );
  expect(await page.content()).not.toContain(key);
  await expect(rotate).toContainText(`Removes the new key ${key.slice(0, 16)}…`);

  await page.getByRole('link', { name: 'API Keys' }).first().click();
  await expect(rowOf(page, old)).toContainText('Not replaced yet: the new key has not been used.');
  await expect(rowOf(page, key)).toContainText(`Replaces ${old.slice(0, 16)}…`);
  await inspect(page, 'api-keys, rotated');
  await rowOf(page, old).getByRole('link', { name: 'the new key' }).click();
  const facts = page.getByRole('region', { name: 'API Key' });
  await expect(facts).toContainText(`${key.slice(0, 16)}…`);

  expect(await call(page, key)).toBe(200);
  // The use is recorded a moment later, perhaps between two of the page's reads.
  await expect(async () => {
    await page.goto('/profile/api-keys');
    const now = { timeout: 500 };
    await expect(rowOf(page, old)).toContainText(/Replaced by \S+: ends \d{4}-/, now);
    await expect(rowOf(page, old)).toContainText('23 hours', now);
    await expect(rowOf(page, key)).toContainText(/Replaces \S+: ends \d{4}-/, now);
  }).toPass();
  await rowOf(page, old).getByRole('link', { name: 'Edit' }).click();
  await expect(page.getByRole('region', { name: 'Rotate' })).toContainText(
    'The key was already replaced, and the new key is in use.',
  );
  await inspect(page, 'key, replaced');
});

test('with the overlap none the old key stops working at once', { tag: '@once' }, async ({
  page,
  person,
}) => {
  const old = await openKey(page, person);
  const rotate = form(page, 'Rotate');
  await rotate.getByLabel('The old key works for').selectOption('none: remove it now');
  await rotate.getByRole('button', { name: 'Rotate' }).click();
  const key = await shownKey(page);
  await expect(page.getByRole('status')).toContainText('The old key has been removed.');
  expect(await call(page, old)).toBe(401);
  expect(await call(page, key)).toBe(200);
});

test('a paused key is refused until it is resumed', async ({ page, person }) => {
  const key = await openKey(page, person);
  const pause = page.getByRole('region', { name: 'Pause' });
  const facts = page.getByRole('region', { name: 'API Key' });
  await pause.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(page.getByRole('status')).toHaveText('The key is now paused.');
  await expect(facts).toContainText('Paused until you resume it.');
  expect(await call(page, key)).toBe(401);

  await pause.getByRole('button', { name: 'Pause for 15 minutes' }).click();
  await expect(facts).toContainText(/Paused until \d{4}-/);
  await inspect(page, 'key, paused');
  await page.getByRole('link', { name: 'API Keys' }).first().click();
  await expect(rowOf(page, key)).toContainText(/Paused until \d{4}-/);

  await rowOf(page, key).getByRole('link', { name: 'Edit' }).click();
  await pause.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('status')).toHaveText('The key has been resumed.');
  expect(await call(page, key)).toBe(200);
});

test('Remove on the page asks, and leads back to the list', { tag: '@any-screen' }, async ({
  page,
  person,
}) => {
  const key = await openKey(page, person, 'laptop');
  await page.getByRole('link', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'OK' }).click();
  await expect(page.getByRole('status')).toContainText('The key has now been removed: laptop');
  await expect(rowOf(page, key)).toHaveCount(0);
});

test('Edit and Remove stand side by side, on a phone in the first line of the block', async ({
  page,
  person,
  isMobile,
}) => {
  await openApiKeys(page, person);
  const row = rowOf(page, await createKey(page, 'W'.repeat(128)));
  const { x, y, width } = await boxOf(row);
  const edit = await boxOf(row.getByRole('link', { name: 'Edit' }));
  const remove = await boxOf(row.getByRole('link', { name: 'Remove' }));
  expect(edit.y).toBe(remove.y);
  expect(edit.x + edit.width).toBeLessThan(remove.x);
  expect(remove.x + remove.width).toBeLessThanOrEqual(x + width);
  if (isMobile) expect(edit.y + edit.height / 2).toBeLessThan(y + 32);
});

async function boxOf(locator: Locator) {
  return (await locator.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
}
