import {
  createKey,
  expect,
  followLinksToApiKeys,
  inspect,
  openApiKeys,
  rowOf,
  shownKey,
  test,
} from '../support/fixtures.ts';

/** What a screen reader finds, in this order. */
const emptyTab = `
  - navigation "My Profile":
    - list:
      - listitem:
        - link "My Profile"
      - listitem:
        - link "Password & Authentication"
      - listitem:
        - link "API Keys"
      - listitem:
        - link "Activity"
  - navigation "Breadcrumb":
    - link "My Profile"
  - heading "API Keys" [level=1]
  - table "API Keys":
    - caption:
      - heading "API Keys" [level=2]
    - rowgroup:
      - row:
        - columnheader "Label"
        - columnheader "api_key (prefix only)"
        - columnheader "Created by"
        - columnheader "When"
        - columnheader "Expires"
        - columnheader "Last used"
        - columnheader "Options"
  - paragraph: You have no API keys, so your API is inaccessible.
  - heading "Add an API key" [level=2]
  - text: Label
  - textbox "Label"
  - text: (optional) Expires
  - combobox "Expires":
    - option "Never" [selected]
  - button "Create API Key"
  - group:
    - heading "Recent activity" [level=2]
`;
const twoKeys = `
  - table "API Keys":
    - caption:
      - heading "API Keys" [level=2]
    - rowgroup
    - rowgroup:
      - row:
        - cell "key1"
        - rowheader /^lmk[0-9A-Za-z]{13}…$/
        - cell "127.0.0.1 via Linode Manager"
        - cell /^2 hours ago/:
          - time
        - cell "Never"
        - cell "Never used"
        - cell:
          - link "Edit"
          - link "Remove"
      - row:
        - cell "vagrant1"
        - rowheader /^lmk[0-9A-Za-z]{13}…$/
        - cell "127.0.0.1 via Linode Manager"
        - cell /^Right Now!/:
          - time
        - cell /^5 months/:
          - time
        - cell "Never used"
        - cell:
          - link "Edit"
          - link "Remove"
`;

test('a person creates an API key, and sees it once', async ({ page, person, app }) => {
  await followLinksToApiKeys(page, person);
  await expect(page).toHaveTitle('API Keys · My Profile · Linode Manager');
  const table = page.getByRole('table', { name: 'API Keys' });
  await expect(table.getByRole('columnheader')).toHaveText([
    'Label',
    'api_key (prefix only)',
    'Created by',
    'When',
    'Expires',
    'Last used',
    'Options',
  ]);
  await expect(page.getByRole('main')).toContainText(
    'You have no API keys, so your API is inaccessible.',
  );
  await expect(page.getByRole('main')).toContainText('Label (optional)');
  await expect(page.getByLabel('Expires').getByRole('option')).toHaveText([
    'Never',
    '1 hour',
    '1 day',
    '1 week',
    '1 month',
    '3 months',
    '6 months',
    '12 months',
  ]);
  await expect(page.getByRole('main')).toMatchAriaSnapshot(emptyTab);
  await inspect(page, 'api-keys, empty');

  const first = await createKey(page, 'key1');
  await expect(page).toHaveTitle('API key created · API Keys · My Profile · Linode Manager');
  await expect(page.getByRole('status')).toBeFocused();
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('');
  await expect(rowOf(page, first).getByRole('cell')).toHaveText([
    'key1',
    /^127\.0\.0\.1\s*via Linode Manager$/,
    /^Right Now!\s*\d{4}-\d\d-\d\d \d\d:\d\d$/,
    'Never',
    'Never used',
    /^Edit\s*Remove$/,
  ]);
  for (const link of await rowOf(page, first).getByRole('link').all()) {
    await expect(link).toHaveAccessibleDescription(`key1 ${first.slice(0, 16)}…`);
  }
  await inspect(page, 'api-keys, new key');

  await app.perform('let two hours pass', person.username);
  const second = await createKey(page, 'vagrant1', '6 months');
  await expect(rowOf(page, first)).toContainText('2 hours ago');
  await expect(rowOf(page, second)).toContainText(/5 months\s*\d{4}-\d\d-\d\d \d\d:\d\d/);
  expect(second).not.toBe(first);
  await expect(table).toMatchAriaSnapshot(twoKeys);
  await inspect(page, 'api-keys, two keys');

  await page.getByRole('link', { name: 'API Keys' }).click();
  await expect(page.getByRole('status')).toHaveCount(0);
  const html = await page.content();
  expect(html).not.toContain(first);
  expect(html).not.toContain(second);

  await page.getByRole('link', { name: 'Linode Manager' }).click();
  await expect(page.getByRole('main')).toContainText('Your API is accessible: 2 active keys.');
});

test('sending the same form again after Back creates one key', { tag: '@any-screen' }, async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  const requestId = () => page.locator('[name=request_id]').inputValue();
  const first = await requestId();
  await createKey(page, 'one');
  expect(await requestId()).not.toBe(first);

  await page.locator('[name=request_id]').evaluate((input: HTMLInputElement, id) => {
    input.value = id;
  }, first);
  await page.getByLabel('Label', { exact: true }).fill('another');
  await page.getByRole('button', { name: 'Create API Key' }).click();
  await expect(page.getByRole('status')).toContainText('That key was already created.');
  await expect(page.getByLabel('Label', { exact: true })).toHaveValue('another');
  await expect(page.getByRole('rowheader')).toHaveCount(1);
  await createKey(page, 'another');
  await expect(page.getByRole('rowheader')).toHaveCount(2);
});

test('a double click creates one key and shows it', { tag: ['@javascript', '@once'] }, async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  await page.getByLabel('Label', { exact: true }).fill('double');
  await page.getByRole('button', { name: 'Create API Key' }).dblclick();
  await shownKey(page);
  await expect(page.getByRole('rowheader')).toHaveCount(1);
});

test('the tab takes at most six requests and 40 kB, and a second visit loads only the page', {
  tag: '@once',
}, async ({ page, person }) => {
  await openApiKeys(page, person);
  await createKey(page, 'a');
  await page.waitForLoadState('networkidle');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await createKey(page, 'b');
  await page.waitForLoadState('networkidle');
  expect(asked.length).toBeLessThanOrEqual(6);

  asked.length = 0;
  await page.goto('/profile/api-keys', { waitUntil: 'networkidle' });
  expect(asked.length).toBeLessThanOrEqual(6);
  let bytes = 0;
  for (const url of asked) bytes += (await (await page.request.get(url)).body()).length;
  expect(bytes).toBeLessThan(40_000);
  // The rest comes from the browser's cache, without requests.
  const sizes = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((entry) => (entry instanceof PerformanceResourceTiming ? entry.transferSize : -1)),
  );
  expect(sizes).toEqual(sizes.map(() => 0));
  expect(sizes.length).toBeGreaterThanOrEqual(3);
});

test('a label that is too long is reported first, has the focus, and stays', async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  await page.getByLabel('Label', { exact: true }).fill('W'.repeat(129));
  await page.getByLabel('Expires').selectOption('1 week');
  await page.getByRole('button', { name: 'Create API Key' }).click();
  const label = page.getByLabel('Label', { exact: true });
  await expect(label).toHaveAccessibleDescription(
    'A label has at most 128 characters; this one has 129. (optional)',
  );
  await expect(page).toHaveTitle('Error: API Keys · My Profile · Linode Manager');
  await expect(label).toBeFocused();
  await expect(label).toHaveCSS('border-color', 'rgb(176, 0, 0)');
  await expect(label).toHaveValue('W'.repeat(129));
  await expect(page.getByLabel('Expires')).toHaveValue('1-week');
  await inspect(page, 'api-keys, wrong label');

  await page.getByLabel('Expires').focus();
  await page.getByRole('alert').getByRole('link', { name: 'A label has at most' }).click();
  await expect(label).toBeFocused();
});

test('no label breaks the page', async ({ page, person }) => {
  await openApiKeys(page, person);
  const labels = [
    '"><img src=x onerror=alert(1)>',
    '\u202Eevil',
    '👩‍💻 key',
    'W'.repeat(128),
    '日本語 '.repeat(16).trim(),
  ];
  for (const label of labels) await createKey(page, label);
  for (const label of labels) {
    const shown = label.replace('\u202E', '[U+202E]');
    await expect(page.getByRole('cell', { name: shown, exact: true })).toBeVisible();
  }
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBe(0);
  await inspect(page, 'api-keys, odd labels');
});
