import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { sendJson } from './send-json.ts';

/** The values of `Sec-Fetch-Site` for requests that no other site caused (Fetch Metadata). */
const OWN_SITES = ['none', 'same-origin'];

/** Refuses a request that a page of another site sent. */
export function refuseCrossSite({ publicUrl }: { publicUrl: string | undefined }): RequestHandler {
  return ({ headers }, res, next) => {
    if (!isCrossSite(headers, publicUrl)) return next();
    const message = 'A page of another site sent this, so nothing was done.';
    sendJson(res, 403, { error: 'cross-site', message });
  };
}

/**
 * Whether the headers of a browser say that a page of another site sent a request. Programs send no such
 * headers. Nor does a browser for a GET to a host without https, from a page that hides its URL.
 *
 * @param publicUrl the origin that is not foreign; without it, any origin at the host of the request.
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
