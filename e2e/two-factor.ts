import { Secret } from 'otpauth';
import type { Page } from 'playwright/test';
import { codeOfStep } from '../server/auth/two-factor/totp.ts';
import type { App } from './app.ts';
import { authenticate, expect, logIn, type Person } from './fixtures.ts';

/** No code at all, so that it can't be right by chance. */
export const WRONG_CODE = '12345';

interface Enabled {
  secret: Buffer;
  scratchCodes: string[];
}

/** Logs a person in, and enables two-factor authentication on the page. */
export async function enableTwoFactor(page: Page, person: Person): Promise<Enabled> {
  await logIn(page, person);
  await page.goto('/profile/password');
  await authenticate(page, person);
  const secret = await beginTwoFactor(page);
  await page.getByLabel('Token').fill(currentCode(secret));
  await page.getByRole('button', { name: 'Confirm' }).click();
  return { secret, scratchCodes: await shownScratchCodes(page) };
}

/** Starts to enable it, and returns the secret that the page shows. */
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

/** A code that is accepted now, as if those that were used were long ago. */
export async function freshCode(app: App, person: Person, secret: Buffer): Promise<string> {
  await app.perform('let codes pass', person.username);
  return currentCode(secret);
}

/** By the clock of this machine, which is also the database's. */
export function currentCode(secret: Buffer): string {
  return codeOfStep(secret, Math.floor(Date.now() / 30_000));
}
