import path from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Page } from 'playwright/test';
import { PASSWORD } from '../server/testing/users.ts';
import { type App, type Place, startApp } from './app.ts';

export { expect };

export interface Options {
  place: Place;
}

interface Fixtures {
  /** Somebody new, with no keys. */
  person: Person;
}

export interface Person {
  username: string;
  password: string;
}

let serial = 0;

export const test = base.extend<Fixtures, Options & { app: App }>({
  place: ['embedded', { scope: 'worker', option: true }],
  app: [
    async ({ place }, use) => {
      const app = await startApp(place);
      await use(app);
      await app.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ app }, use) => use(app.origin),
  person: async ({ app }, use) => {
    const username = `person${++serial}`;
    await app.perform('add user', username);
    await use({ username, password: PASSWORD });
  },
});

export async function logIn(page: Page, { username, password }: Person): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Signed in as ${username}`);
}

/** Gives the password again, on the page that asks for it. */
export async function authenticate(page: Page, { password }: Person): Promise<void> {
  await page.getByLabel('Your Password').fill(password);
  await page.getByRole('button', { name: 'Authenticate' }).click();
}

/** All the way to the tab. */
export async function openApiKeys(page: Page, person: Person): Promise<void> {
  await logIn(page, person);
  await page.getByRole('link', { name: 'my profile', exact: true }).click();
  await authenticate(page, person);
  await page.getByRole('link', { name: 'API Keys' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('API Keys');
}

/** Makes a key on the tab and returns it, as the message shows it. */
export async function createKey(page: Page, label = '', expires = 'Never'): Promise<string> {
  await page.getByLabel('Label', { exact: true }).fill(label);
  await page.getByLabel('Expires').selectOption(expires);
  await page.getByRole('button', { name: 'Create API Key' }).click();
  return shownKey(page);
}

/** The key in the message of a page that has just made one. */
export async function shownKey(page: Page): Promise<string> {
  const message = page.getByRole('status');
  await expect(message).toContainText(
    /^\s*Please record your new key: lmk[0-9A-Za-z]{61} - it will not be shown again\./,
  );
  return /[0-9A-Za-z]{64}/.exec((await message.textContent()) ?? '')?.[0] ?? '';
}

/** The row of a key, by the key itself. */
export function rowOf(page: Page, key: string) {
  return page.getByRole('row').filter({
    has: page.getByRole('rowheader', { name: `${key.slice(0, 16)}…`, exact: true }),
  });
}

const asItIs = { colorScheme: null, forcedColors: null } as const;
const appearances = {
  dark: { colorScheme: 'dark', forcedColors: null },
  'forced colours': { colorScheme: null, forcedColors: 'active' },
} as const;

/**
 * Keeps a picture of the page, and holds the page against axe with nothing switched off; on the
 * desktop in its dark appearance, and in the system's own colours, as well.
 */
export async function inspect(page: Page, name: string): Promise<void> {
  const { project } = test.info();
  await inspectAsItIs(page, `${name}, ${project.name}`);
  if (project.name !== 'desktop') return;
  for (const [appearance, media] of Object.entries(appearances)) {
    await page.emulateMedia(media);
    await inspectAsItIs(page, `${name}, ${appearance}`);
  }
  await page.emulateMedia(asItIs);
}

async function inspectAsItIs(page: Page, name: string): Promise<void> {
  const { project } = test.info();
  const file = path.join(project.outputDir, 'pictures', `${name}.png`);
  await page.screenshot({ path: file, fullPage: true });
  // axe is a script, and the very same HTML is held against it where scripts run.
  if (project.use.javaScriptEnabled === false) return;
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations, name).toEqual([]);
}
