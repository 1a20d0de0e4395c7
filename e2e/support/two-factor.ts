import { Secret } from 'otpauth';
import type { Page } from 'playwright/test';
import { currentCode } from '../../server/testing/visitor.ts';
import type { App } from './app.ts';
import { expect, type Person, signIn } from './fixtures.ts';

/** Too short for a code, so that it can't be right by chance. */
export const WRONG_CODE = '12345';

/** Enables two-factor authentication with plain requests; `visitor` has the session. */
export async function enableTwoFactor(person: Person) {
  const visitor = await signIn(person);
  return { visitor, ...(await visitor.enableTwoFactor()) };
}

/** Starts to enable it on the page, and returns the secret that the page shows. */
export async function beginTwoFactor(page: Page): Promise<Buffer> {
  await page.getByRole('button', { name: 'Enable Two-Factor Authentication' }).click();
  await expect(page.getByRole('img', { name: 'QR code with the secret' })).toBeVisible();
  const text = (await page.getByText('Secret: ').textContent()) ?? '';
  const typed = /Secret: ((?:[A-Z2-7]{4} ?){8})/.exec(text)?.[1] ?? '';
  return Buffer.from(Secret.fromBase32(typed).bytes);
}

/** The scratch codes in the message that has just shown them. */
export async function shownScratchCodes(page: Page): Promise<string[]> {
  const message = page.getByRole('status');
  await expect(message).toContainText('Please record your scratch codes');
  return ((await message.textContent()) ?? '').match(/\b(?:[A-Z2-7]{4} ){3}[A-Z2-7]{4}\b/g) ?? [];
}

export async function enterCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Please enter your authentication code.').fill(code);
  await page.getByRole('button', { name: 'Authenticate' }).click();
}

/** A code that is accepted now, even if one was used a moment ago. */
export async function freshCode(app: App, person: Person, secret: Buffer): Promise<string> {
  await app.perform('let codes pass', person.username);
  return currentCode(secret);
}
