import path from 'node:path';
import axeCore from 'axe-core';
import { test as base, expect, type Page } from 'playwright/test';
import { PASSWORD } from '../../server/testing/users.ts';
import { Visitor } from '../../server/testing/visitor.ts';
import { type App, type Deployment, startApp } from './app.ts';

export { expect };

export interface Options {
  deployment: Deployment;
}

interface Fixtures {
  /** A new user without keys. */
  person: Person;
}

export interface Person {
  /** The app's. */
  origin: string;
  username: string;
  password: string;
}

let serial = 0;

export const test = base.extend<Fixtures, Options & { app: App }>({
  deployment: ['embedded', { scope: 'worker', option: true }],
  app: [
    async ({ deployment }, use) => {
      const app = await startApp(deployment);
      await use(app);
      await app.stop();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ app }, use) => use(app.origin),
  person: async ({ app }, use) => {
    const username = `person${++serial}`;
    await app.perform('add user', username);
    await use({ origin: app.origin, username, password: PASSWORD });
  },
});

export async function logIn(page: Page, person: Person): Promise<void> {
  await page.goto('/login');
  await givePassword(page, person);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    `Signed in as ${person.username}`,
  );
}

/** Fills the log-in form, and sends it. */
export async function givePassword(page: Page, { username, password }: Person): Promise<void> {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Gives the password again, on the page that asks for it. */
export async function authenticate(
  page: Page,
  { password }: Pick<Person, 'password'>,
): Promise<void> {
  await page.getByLabel('Your Password').fill(password);
  await page.getByRole('button', { name: 'Authenticate' }).click();
}

/** Goes to the tab as a person does: logs in, follows the links, and authenticates. */
export async function followLinksToApiKeys(page: Page, person: Person): Promise<void> {
  await logIn(page, person);
  await page.getByRole('link', { name: 'my profile', exact: true }).click();
  await authenticate(page, person);
  await page.getByRole('link', { name: 'API Keys' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('API Keys');
}

/** Logs a person in and authenticates with plain requests, without the browser. */
export async function signIn({ origin, username, password }: Person): Promise<Visitor> {
  const visitor = new Visitor(origin);
  await visitor.logIn(username, password);
  await visitor.authenticate(password);
  return visitor;
}

/** Lets the browser go on with the session of a visitor. */
export async function takeOver(page: Page, { origin, cookies }: Visitor): Promise<void> {
  const attributes = { url: origin, httpOnly: true, sameSite: 'Lax' } as const;
  await page
    .context()
    .addCookies([...cookies].map(([name, value]) => ({ name, value, ...attributes })));
}

/** Opens the tab in a session that has just authenticated. */
export async function openApiKeys(page: Page, person: Person): Promise<void> {
  await takeOver(page, await signIn(person));
  await page.goto('/profile/api-keys');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('API Keys');
}

/** Creates a key on the tab, and returns it as the message shows it. */
export async function createKey(page: Page, label = '', expires = 'Never'): Promise<string> {
  await page.getByLabel('Label', { exact: true }).fill(label);
  await page.getByLabel('Expires').selectOption(expires);
  await page.getByRole('button', { name: 'Create API Key' }).click();
  return shownKey(page);
}

/** The key in the message of a page that has just created it. */
export async function shownKey(page: Page): Promise<string> {
  const message = page.getByRole('status');
  await expect(message).toContainText(
    /^\s*Please record your new key: lmk[0-9A-Za-z]{61} - it will not be shown again\./,
  );
  return /[0-9A-Za-z]{64}/.exec((await message.textContent()) ?? '')?.[0] ?? '';
}

/** Goes back, and returns the HTML; the browser may show an offer to send the form again instead. */
export async function goBack(page: Page): Promise<string> {
  await page.goBack().catch(() => undefined);
  let content = '';
  // There is no content while the page changes.
  await expect(async () => {
    content = await page.content();
  }).toPass();
  return content;
}

/** The row of a key, by the key itself. */
export function rowOf(page: Page, key: string) {
  return page.getByRole('row').filter({
    has: page.getByRole('rowheader', { name: `${key.slice(0, 16)}…`, exact: true }),
  });
}

interface Look {
  appearance: string;
  media?: Parameters<Page['emulateMedia']>[0];
  /** What axe checks; without it, every rule that axe has on by default. */
  rules?: string[];
}

/** The rules whose outcome depends on colours. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** The rules whose outcome depends on the size of the screen; layout.spec.ts measures targets. */
const SIZE_RULES = ['scrollable-region-focusable'];

/** The looks of each project that runs axe. The other projects get the same HTML. */
const looks: Record<string, Look[]> = {
  desktop: [
    { appearance: 'light', media: { colorScheme: 'light', forcedColors: null } },
    {
      appearance: 'dark',
      media: { colorScheme: 'dark', forcedColors: null },
      rules: COLOUR_RULES,
    },
    {
      appearance: 'forced colours',
      media: { colorScheme: null, forcedColors: 'active' },
      rules: COLOUR_RULES,
    },
  ],
  // On a narrow screen other parts scroll.
  phone: [{ appearance: 'phone', rules: SIZE_RULES }],
};

/** Checks the page with axe. With PICTURES=1, also keeps a picture of each look. */
export async function inspect(page: Page, name: string): Promise<void> {
  const project = test.info().project.name;
  const ofProject = looks[project];
  if (!ofProject) return takePicture(page, `${name}, ${project}`);
  // axe does not see other frames.
  expect(page.frames()).toHaveLength(1);
  // @axe-core/playwright would load axe again for each look, which takes longer than the check.
  await page.evaluate(axeCore.source);
  for (const { appearance, media = {}, rules } of ofProject) {
    await page.emulateMedia(media);
    await takePicture(page, `${name}, ${appearance}`);
    await expectNoViolation(page, `${name}, ${appearance}`, rules);
  }
  await page.emulateMedia({ colorScheme: null, forcedColors: null });
}

/** What `axeCore.source` defines in a page. */
declare const axe: typeof axeCore;

async function expectNoViolation(page: Page, name: string, rules?: string[]): Promise<void> {
  const violations = await page.evaluate(async (rules) => {
    const { violations } = await axe.run({
      resultTypes: ['violations'],
      ...(rules && { runOnly: rules }),
    });
    return violations;
  }, rules);
  expect(violations, name).toEqual([]);
}

async function takePicture(page: Page, name: string): Promise<void> {
  if (process.env.PICTURES !== '1') return;
  const file = path.join(test.info().project.outputDir, 'pictures', `${name}.png`);
  await page.screenshot({ path: file, fullPage: true });
}
