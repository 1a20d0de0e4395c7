import type { IncomingMessage } from 'node:http';
import { parse } from 'cookie';
import type { Express, Request } from 'express';

/** The names of the app's cookies, and whether browsers send them over https only. */
export interface Cookies {
  session: string;
  notice: string;
  /** Marks a device as known to a user: each user of a browser has one. */
  device(userId: number): string;
  /** What a user has dismissed on the home page: each user of a browser has one. */
  dismissed(userId: number): string;
  secure: boolean;
}

/**
 * A browser sends the cookies of a host to all its ports, so they are named after the installation.
 * On https the names begin with `__Host-`: browsers take such a cookie from this host only, so that
 * no other host of its domain can plant one.
 */
export function nameCookies({
  secure,
  installationId,
}: {
  secure: boolean;
  installationId: string;
}): Cookies {
  const name = (purpose: string) => `${secure ? '__Host-' : ''}${purpose}-${installationId}`;
  return {
    session: name('session'),
    notice: name('notice'),
    device: (userId) => name(`device-${userId}`),
    dismissed: (userId) => name(`dismissed-${userId}`),
    secure,
  };
}

/** A cookie that a request carries; undefined where it carries none of that name. */
export function readCookie(req: IncomingMessage, name: string): string | undefined {
  return readCookies(req)[name];
}

/** All cookies that a request carries, by name. */
export function readCookies({ headers }: IncomingMessage): Record<string, string | undefined> {
  return parse(headers.cookie ?? '');
}

const cookiesByApp = new WeakMap<object, Cookies>();

/** Lets every handler of an app know the names of its cookies. */
export function useCookies(app: Express, cookies: Cookies): void {
  cookiesByApp.set(app, cookies);
}

/** The names of the cookies of the app that handles a request. */
export function cookiesOf({ app }: Request): Cookies {
  const cookies = cookiesByApp.get(app);
  if (!cookies) throw new Error('The app has no names for its cookies.');
  return cookies;
}
