import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { isDatabaseAway } from '../../db/database.ts';
import { render } from './render.ts';

/** A refusal: an answer with a status, and a sentence that the person may read. */
export class HttpError extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** Not there, and not yours: the same. */
export function notFound(): HttpError {
  return new HttpError(404, 'There is nothing at this address.');
}

export const nothingHere: RequestHandler = () => {
  throw notFound();
};

/** The one place where an error becomes a page. Only an HttpError's own words are shown. */
export function errorPage(log: Logger): ErrorRequestHandler {
  return (error, req, res, _next) => {
    const refusal = toHttpError(error);
    if (refusal.status >= 500) log.error({ err: error, requestId: res.locals.requestId }, 'failed');
    if (res.headersSent) {
      res.destroy();
      return;
    }
    res.status(refusal.status).set(refusal.headers);
    render(req, res, 'error', [titles[refusal.status] ?? 'Error'], {
      heading: titles[refusal.status] ?? 'Error',
      explanation: refusal.message,
      advice: advice[refusal.status],
      requestId: refusal.status >= 500 ? String(res.locals.requestId) : undefined,
    });
  };
}

const titles: Record<number, string> = {
  400: 'Bad request',
  403: 'Refused',
  404: 'Not found',
  413: 'Too large',
  414: 'Too long',
  415: 'Unsupported',
  431: 'Too long',
  500: 'Something went wrong',
  503: 'Not available',
};

/** What to do next. */
const advice: Record<number, string> = {
  403: 'If you pressed a button here, open its page again and press it there. If you followed a link from another site, it may be trying to act in your name.',
  404: 'Check the address for a typing mistake. What was here may have been removed since.',
};

/** What an error amounts to for whoever asked. Only an HttpError's own words are for them. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  // A path that can't be decoded names nothing.
  if (error instanceof URIError) return notFound();
  const status = clientErrorStatus(error);
  if (status === 413) return new HttpError(413, 'That is more than is taken here.');
  if (status !== undefined) return new HttpError(status, 'The request could not be understood.');
  if (isDatabaseAway(error)) return databaseAway(error);
  return new HttpError(
    500,
    'Something failed on our side. Please look whether it was done before you try again.',
  );
}

export function databaseAway(cause: unknown): HttpError {
  const refusal = new HttpError(
    503,
    'The database does not answer. Please try again in a moment.',
    { 'Retry-After': '5' },
  );
  // For the log.
  refusal.cause = cause;
  return refusal;
}

/** Express and its parsers mark what a client did wrong with a 4xx `status`. */
function clientErrorStatus(error: unknown): number | undefined {
  if (!(error instanceof Error && 'status' in error)) return undefined;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
