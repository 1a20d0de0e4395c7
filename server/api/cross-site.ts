import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { sendJson } from './send-json.ts';

/** The values of `Sec-Fetch-Site` for requests that no other site caused (Fetch Metadata). */
const OWN_SITES = ['none', 'same-origin'];

/** Lets only requests through that no page of another site sent. */
export function refuseCrossSite({ publicUrl }: { publicUrl: string | undefined }): RequestHandler {
  return ({ headers }, res, next) => {
    if (!isCrossSite(headers, publicUrl)) return next();
    const message = 'A page of another site sent this, so nothing was done.';
    sendJson(res, 403, { error: 'cross-site', message });
  };
}

/**
 * Whether a browser says that a page of another site sent a request. Programs say nothing, and
 * neither does a browser to a host without https where the page hides its address.
 *
 * @param publicUrl the origin that is not foreign; without it, any at the request's own host.
 */
export function isCrossSite(headers: IncomingHttpHeaders, publicUrl: string | undefined): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && !OWN_SITES.includes(String(site))) return true;
  return [headers.origin, headers.referer].some((url) => url !== undefined && isForeign(url));

  function isForeign(text: string): boolean {
    const url = URL.parse(text);
    if (publicUrl !== undefined) return url?.origin !== publicUrl;
    return url === null || url.host !== headers.host;
  }
}
