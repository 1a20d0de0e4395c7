import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { Database } from '../../db/database.ts';
import { DEVICE_DAYS, findDevice } from '../../db/devices.ts';
import { type Cookies, cookiesOf, readCookie, readCookies } from '../http/cookies.ts';

/** Each user of a browser has a separate cookie. A browser keeps those of at most so many users. */
const MAX_DEVICE_COOKIES = 20;

/** 256 random bits: the value of a device's cookie, until the next log in replaces it. */
export function newDeviceValue(): string {
  return randomBytes(32).toString('base64url');
}

/** The value by which a request says that it comes from a device of a user. */
export function presentedDevice(req: Request, userId: number): string | undefined {
  return readCookie(req, cookiesOf(req).device(userId));
}

/** As `presentedDevice`, for any user. */
export function presentedDevices(req: Request): string[] {
  return deviceCookies(req).map(({ value }) => value);
}

/** The id of the known device that a request of a user comes from; undefined where there is none. */
export async function currentDevice(
  db: Database,
  req: Request,
  userId: number,
): Promise<number | undefined> {
  const value = presentedDevice(req, userId);
  return value === undefined ? undefined : (await findDevice(db, userId, value))?.id;
}

/** Sends the value of a device that has just been stored. */
export function sendDevice(req: Request, userId: number, value: string): void {
  const { res } = req;
  if (!res) throw new Error('Express sets req.res.');
  const cookies = cookiesOf(req);
  const name = cookies.device(userId);
  const options = { httpOnly: true, sameSite: 'lax', path: '/', secure: cookies.secure } as const;
  res.cookie(name, value, { ...options, maxAge: DEVICE_DAYS * 24 * 60 * 60 * 1_000 });
  // Browsers send the oldest first. With too many, a request would be longer than the app accepts.
  const others = deviceCookies(req).filter((cookie) => cookie.name !== name);
  for (const { name } of others.slice(0, 1 - MAX_DEVICE_COOKIES)) res.clearCookie(name, options);
}

function deviceCookies(req: Request): { name: string; value: string }[] {
  const cookies = cookiesOf(req);
  return Object.entries(readCookies(req)).flatMap(([name, value = '']) =>
    isDeviceCookie(cookies, name) ? [{ name, value }] : [],
  );
}

function isDeviceCookie({ device }: Cookies, name: string): boolean {
  const [, userId] = /device-([1-9]\d{0,14})-/.exec(name) ?? [];
  return userId !== undefined && name === device(Number(userId));
}
