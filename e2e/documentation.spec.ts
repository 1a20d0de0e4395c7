import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createKey, expect, inspect, logIn, openApiKeys, test } from './support/fixtures.ts';

test('the bar links to the documentation, and the page is complete', async ({ page, person }) => {
  await logIn(page, person);
  const bar = page.getByRole('navigation', { name: 'Linode Manager' });
  await bar.getByRole('link', { name: 'Documentation' }).click();
  await expect(page).toHaveTitle('Documentation · Linode Manager');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Documentation');
  await expect(bar.getByRole('link', { name: 'Documentation' })).toHaveAttribute(
    'aria-current',
    'page',
  );
  for (const name of ['test.echo', 'user.getapikey', 'avail.kernels']) {
    await expect(page.getByRole('article', { name })).toContainText(`api_action=${name}`);
  }
  await expect(page.getByRole('row').filter({ hasText: 'Authentication failed' })).toContainText(
    '4',
  );
  await inspect(page, 'documentation');
});

test('the curl commands of the documentation work unchanged', { tag: '@once' }, async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page);
  const footer = page.getByRole('contentinfo');
  await footer.getByRole('link', { name: 'Documentation' }).click();
  const blocks = await page.getByRole('code').allTextContents();
  const lines = blocks.flatMap((text) => text.split('\n')).filter((line) => /^curl /.test(line));
  expect(lines.length).toBeGreaterThan(15);
  const variables = {
    KEY: key,
    USERNAME: person.username,
    PASSWORD: person.password,
    MODE: 'nodebalancer_new',
  };
  for (const line of lines) {
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', `${line} --silent --show-error --fail-with-body`],
      {
        env: { PATH: process.env.PATH ?? '', ...variables },
      },
    );
    expect(stdout, line).toMatch(/-X DELETE/.test(line) ? /^$/ : /"ERRORARRAY":\[\]|"prefix":/);
  }
});
