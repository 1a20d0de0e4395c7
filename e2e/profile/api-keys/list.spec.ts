import type { Locator } from 'playwright/test';
import type { PastKey } from '../../support/app.ts';
import { createKey, expect, inspect, openApiKeys, rowOf, test } from '../../support/fixtures.ts';

const MINUTE = 60_000;

/** Keys `host 01`, …, each created a minute after the one before it. */
function pastKeys(count: number): PastKey[] {
  const start = Date.now() - 24 * 60 * MINUTE;
  return Array.from({ length: count }, (_, n) => ({
    label: `host ${String(n + 1).padStart(2, '0')}`,
    prefix: `lmk${Math.random().toString(36).slice(2, 12).padEnd(10, '0')}${String(n).padStart(3, '0')}`,
    via: 'API',
    createdAt: new Date(start + n * MINUTE).toISOString(),
    ...(n % 2 === 0 && {
      lastUsedAt: new Date(start + n * MINUTE).toISOString(),
      lastUsedIp: '203.0.113.9',
    }),
  }));
}

test('a person with many keys pages through them, sorts, filters and searches', async ({
  page,
  person,
  app,
}) => {
  await app.givePast(person.username, pastKeys(30));
  await openApiKeys(page, person);
  const labels = page.getByRole('table', { name: 'API Keys' }).getByText(/^host \d\d$/);
  await expect(labels).toHaveCount(25);
  await expect(labels.first()).toHaveText('host 01');
  await inspect(page, 'api-keys, 30 keys');

  await page.getByRole('link', { name: 'Next' }).click();
  await expect(labels).toHaveText(['host 26', 'host 27', 'host 28', 'host 29', 'host 30']);
  await page.getByRole('link', { name: 'Previous' }).click();
  await expect(labels.last()).toHaveText('host 25');

  await page.getByRole('link', { name: 'Label' }).click();
  await page.getByRole('link', { name: 'Label' }).click();
  await expect(page.getByRole('columnheader', { name: 'Label' })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  await expect(labels.first()).toHaveText('host 30');

  await page.getByRole('link', { name: 'Never used 15' }).click();
  await expect(labels).toHaveCount(15);
  await expect(labels.first()).toHaveText('host 30');

  await page.getByLabel('Search').fill('host 1');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page).toHaveURL(/\?q=host\+1&filter=never-used&sort=-label$/);
  await expect(labels).toHaveText(['host 18', 'host 16', 'host 14', 'host 12', 'host 10']);
  await page.getByRole('link', { name: 'Show all keys' }).click();
  await expect(labels).toHaveCount(25);
});

test('a screen reader finds the tools of a long list and every column, also on a phone', async ({
  page,
  person,
  app,
}) => {
  await app.givePast(person.username, pastKeys(26));
  await openApiKeys(page, person);
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - navigation "Filter":
      - list:
        - listitem:
          - link "All 26"
        - listitem:
          - link "Expires soon 0"
        - listitem:
          - link "Never used 13"
        - listitem:
          - link "Not used for 90 days 0"
    - search:
      - searchbox "Search"
      - button "Search"
    - table "API Keys":
      - caption:
        - heading "API Keys" [level=2]
      - rowgroup:
        - row:
          - columnheader "Select"
          - columnheader "Label":
            - link "Label"
          - columnheader "api_key (prefix only)"
          - columnheader "Created by"
          - columnheader "When":
            - link "When"
          - columnheader "Expires":
            - link "Expires"
          - columnheader "Last used"
          - columnheader "Options"
      - rowgroup:
        - row:
          - cell "Select":
            - checkbox "Select"
          - cell "host 01"
          - rowheader /^lmk\\w+…$/
          - cell "127.0.0.1 via API"
          - cell /^1 day ago/
          - cell "Never"
          - cell /^1 day ago from 203\\.0\\.113\\.9$/
          - cell:
            - link "Edit"
            - link "Remove"
    - button "Remove selected"
    - button "Pause"
    - button "Resume"
    - navigation "Pages of API keys":
      - list:
        - listitem: First
        - listitem: Previous
        - listitem:
          - link "Next"
        - listitem:
          - link "Last"
    - heading "Add an API key" [level=2]
  `);
});

test('the search is one line, and so are the label of a key and its controls', async ({
  page,
  person,
  app,
}) => {
  await app.givePast(person.username, pastKeys(10));
  await openApiKeys(page, person);
  const row = page.getByRole('row').filter({ hasText: 'host 01' });
  const lines = [
    [page.getByRole('searchbox'), page.getByRole('button', { name: 'Search' })],
    [row.getByText('host 01'), row.getByRole('checkbox')],
    [row.getByText('host 01'), row.getByRole('link', { name: 'Remove' })],
  ] as const;
  for (const [one, other] of lines) {
    expect(Math.abs((await middleOf(one)) - (await middleOf(other)))).toBeLessThan(3);
  }
});

test('a new key is shown among many, and found again when it is pasted', {
  tag: '@any-screen',
}, async ({ page, person, app }) => {
  await app.givePast(person.username, pastKeys(30));
  await openApiKeys(page, person);
  const key = await createKey(page, 'the new one');
  await expect(rowOf(page, key)).toContainText('the new one');
  await expect(page.getByRole('link', { name: 'Previous' })).toBeVisible();
  await inspect(page, 'api-keys, new key among 31');

  await page.getByLabel('Search').fill(key);
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByRole('status')).toContainText('This is your key:');
  await expect(page.getByRole('rowheader')).toHaveCount(1);
  await expect(page.getByLabel('Search')).toHaveValue('');
  expect(page.url()).not.toContain('lmk');
  expect(await page.content()).not.toContain(key);
});

test('a person removes several keys at once, after one question', async ({ page, person, app }) => {
  await app.givePast(person.username, pastKeys(12));
  await openApiKeys(page, person);
  const rows = page.getByRole('rowheader');
  for (const n of [1, 2, 4]) await page.getByRole('checkbox').nth(n).check();
  await page.getByRole('button', { name: 'Remove selected' }).click();
  await expect(page.getByRole('heading', { level: 2 })).toHaveText(
    'Are you sure you want to remove these 3 API keys?',
  );
  const question = page.getByRole('region', { name: /^Are you sure/ });
  await expect(question.getByRole('term')).toContainText(['host 02', 'host 03', 'host 05']);
  await inspect(page, 'api-keys, remove selected');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(rows).toHaveCount(12);

  for (const n of [1, 2, 4]) await page.getByRole('checkbox').nth(n).check();
  await page.getByRole('button', { name: 'Remove selected' }).click();
  await page.getByRole('button', { name: 'OK' }).click();
  await expect(page.getByRole('status')).toContainText(
    'The keys have now been removed: host 02 lmk',
  );
  // With fewer than ten keys the page has no tools for long lists.
  await expect(rows).toHaveCount(9);
  await expect(page.getByRole('checkbox')).toHaveCount(0);
});

test('a person pauses and resumes several keys at once, and undoes a removal of several', {
  tag: '@any-screen',
}, async ({ page, person, app }) => {
  await app.givePast(person.username, pastKeys(12));
  await openApiKeys(page, person);
  const select = async (...rows: number[]) => {
    for (const row of rows) await page.getByRole('checkbox').nth(row).check();
  };
  const message = page.getByRole('status');
  await select(1, 2);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('heading', { level: 2 })).toHaveText('Pause these 2 API keys?');
  await inspect(page, 'api-keys, pause selected');
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(message).toContainText(
    'The keys are now paused, until you resume them: host 02 lmk',
  );

  await select(2, 3);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(message).toContainText('The key has been resumed: host 03 lmk');
  await expect(message).toContainText('1 was not paused.');

  await select(1, 2, 3);
  await page.getByRole('button', { name: 'Remove selected' }).click();
  await page.getByRole('button', { name: 'OK' }).click();
  await message.getByRole('button', { name: 'Undo' }).click();
  await expect(message).toContainText(
    /host 02 lmk\w+… \(is paused\), host 03 lmk\w+…, host 04 lmk/,
  );
  await expect(page.getByRole('table', { name: 'API Keys' }).getByRole('rowheader')).toHaveCount(
    12,
  );
});

/** The vertical middle of an element, in pixels from the top of the window. */
async function middleOf(element: Locator): Promise<number> {
  const box = await element.boundingBox();
  if (!box) throw new Error('The element is not on the page.');
  return box.y + box.height / 2;
}
