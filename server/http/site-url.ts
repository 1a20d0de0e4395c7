import type { Express, Request } from 'express';

const urlsByApp = new WeakMap<object, string | undefined>();

/** Lets every handler of an app know the site's public URL, if it is configured. */
export function useSiteUrl(app: Express, publicUrl: string | undefined): void {
  urlsByApp.set(app, publicUrl);
}

/** Scheme and host of this site, as programs use them: as configured, or else as in the request. */
export function siteUrl({ app, protocol, host }: Request): string {
  return urlsByApp.get(app) ?? `${protocol}://${host}`;
}
