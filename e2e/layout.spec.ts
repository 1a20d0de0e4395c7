import type { Page } from 'playwright/test';
import type { App } from './support/app.ts';
import {
  authenticate,
  createKey,
  expect,
  logIn,
  openApiKeys,
  type Person,
  rowOf,
  test,
} from './support/fixtures.ts';

test('no page scrolls sideways at 320 pixels, which is 400 % of 1280', { tag: '@once' }, async ({
  page,
  person,
  app,
}) => {
  await page.setViewportSize({ width: 320, height: 256 });
  await eachPage({ page, person, app }, async (name) => {
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, name).toBe(320);
  });
});

test('every control is large enough for a mouse or a finger', {
  tag: '@javascript',
}, async ({ page, person, app, isMobile }) => {
  const minimum = isMobile ? { width: 24, height: 44 } : { width: 24, height: 24 };
  await eachPage({ page, person, app }, async (name) => {
    expect(await smallControls(page, minimum), name).toEqual([]);
  });
});

test('each control of a key is inside the window, and the table keeps its roles', async ({
  page,
  person,
}) => {
  await openApiKeys(page, person);
  const key = await createKey(page, 'W'.repeat(128), '6 months');
  const table = page.getByRole('table', { name: 'API Keys' });
  await expect(table.getByRole('columnheader')).toHaveCount(7);
  await expect(rowOf(page, key).getByRole('cell')).toHaveCount(6);
  const box = await rowOf(page, key).getByRole('link', { name: 'Remove' }).boundingBox();
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
});

test('at 400 % the dialog begins with its question, and its buttons are in view', {
  tag: ['@javascript', '@once'],
}, async ({ page, person }) => {
  await page.setViewportSize({ width: 320, height: 256 });
  await openApiKeys(page, person);
  await createKey(page, 'W'.repeat(128));
  await page.getByRole('link', { name: 'Remove' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('heading')).toBeInViewport({ ratio: 1 });
  await expect(dialog.getByRole('button', { name: 'OK' })).toBeInViewport({ ratio: 1 });
});

test('a skip link leads past the bar to the content', { tag: '@javascript' }, async ({
  page,
  person,
}) => {
  await logIn(page, person);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport({ ratio: 1 });
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('main').getByRole('link', { name: 'API Keys' })).toBeFocused();
});

/** The visible controls that are smaller than `minimum`, as HTML with their size. */
function smallControls(page: Page, minimum: { width: number; height: number }): Promise<string[]> {
  return page.locator('a, button, select, input, textarea').evaluateAll(
    (controls, minimum) =>
      controls.flatMap((control) => {
        const { width, height } = control.getBoundingClientRect();
        const isVisible = control.checkVisibility({ visibilityProperty: true }) && width && height;
        const isSmall = width < minimum.width || height < minimum.height;
        return isVisible && isSmall ? [`${width} × ${height}: ${control.outerHTML}`] : [];
      }),
    minimum,
  );
}

async function eachPage(
  { page, person, app }: { page: Page; person: Person; app: App },
  inspect: (name: string) => Promise<void>,
) {
  await page.goto('/leaked');
  await inspect('leaked');
  await page.goto('/login');
  await inspect('login');
  await logIn(page, person);
  await inspect('home');
  await page.goto('/nothing');
  await inspect('not found');
  await page.goto('/profile');
  await inspect('authenticate');
  await authenticate(page, person);
  await inspect('profile');
  await page.goto('/profile/password');
  await inspect('password');
  await page.getByRole('navigation').getByRole('link', { name: 'API Keys' }).click();
  const key = await createKey(page, 'W'.repeat(128), '6 months');
  await page.getByRole('button', { name: 'Copy' }).click();
  await inspect('new key');
  const link = rowOf(page, key).getByRole('link', { name: 'Remove' });
  const removal = await link.getAttribute('href');
  await link.click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await inspect('dialog');
  await page.goto(removal ?? '');
  await inspect('removal');
  await page.goto((removal ?? '').replace('/remove', ''));
  await page.getByLabel('Expires').first().selectOption('On a date…');
  await inspect('key');
  await page.goto(removal ?? '');
  await page.getByRole('button', { name: 'OK' }).click();
  await page.getByText('Expired and removed keys').click();
  await inspect('removed');
  await app.perform('make the password temporary', person.username);
  await page.goto('/');
  await inspect('temporary password');
}
