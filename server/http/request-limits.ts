import type { IncomingMessage } from 'node:http';
import express, { type RequestHandler } from 'express';
import { HttpError } from './errors.ts';

/** The longest URL that is read. */
const MAX_URL_BYTES = 8_192;
/** For all headers together, names and values, without the request line. */
const MAX_HEADER_BYTES = 16_384;
/** Of a query, or of a form. The time of `URLSearchParams` is quadratic in their number. */
export const MAX_PARAMETERS = 1_000;
/** The body of a form. */
export const MAX_FORM_BYTES = 10_240;
/** The body of the public form that reports a leaked key. */
export const MAX_REPORT_BYTES = 2_048;
/** The body of an API call: room for a batch of 25. */
export const MAX_API_BODY_BYTES = 102_400;

/**
 * Node's own limit for the head of a request. Node answers 431 for every URL, and a gateway would turn
 * that into a 500. The limits above are lower, so that each kind of URL refuses a long head in its own
 * way.
 */
export const MAX_HEAD_BYTES = 65_536;

/**
 * Why the head of a request is refused; undefined where it is within the limits. Parses nothing, so it
 * is cheap enough to come before everything else.
 */
export function headRefusal({ url = '', rawHeaders }: IncomingMessage): HttpError | undefined {
  if (url.length > MAX_URL_BYTES) return new HttpError(414, 'The URL is too long.');
  const query = url.indexOf('?');
  if (query >= 0 && hasTooManyParameters(url, query)) {
    return new HttpError(414, 'The URL has too many parameters.');
  }
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  if (bytes > MAX_HEADER_BYTES) return new HttpError(431, 'The headers are too long.');
  return undefined;
}

/** Counts the separators of a query or a form from a position on, without parsing it. */
export function hasTooManyParameters(text: string, start = 0): boolean {
  let count = 1;
  for (let at = text.indexOf('&', start); at >= 0; at = text.indexOf('&', at + 1)) {
    if (++count > MAX_PARAMETERS) return true;
  }
  return false;
}

/** Refuses a request whose head is over the limits, before anything else reads it. */
export const refuseLongHeads: RequestHandler = (req, _res, next) => {
  next(headRefusal(req));
};

/** Reads the body of a posted form, up to so many bytes. */
export function readForms(limit: number): RequestHandler {
  return express.urlencoded({
    extended: false,
    limit,
    parameterLimit: MAX_PARAMETERS,
    // A few compressed bytes could become megabytes.
    inflate: false,
  });
}
