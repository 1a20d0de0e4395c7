import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { notFound, toHttpError } from '../http/errors.ts';
import { render } from './render.ts';

export const nothingHere: RequestHandler = () => {
  throw notFound();
};

/** The only place where an error becomes a page. Only the message of an HttpError is shown. */
export function errorPage(log: Logger): ErrorRequestHandler {
  return (error, req, res, _next) => {
    const refusal = toHttpError(error);
    if (refusal.status >= 500) log.error({ err: error, requestId: res.locals.requestId }, 'failed');
    if (res.headersSent) {
      res.destroy();
      return;
    }
    res.status(refusal.status).set('Cache-Control', 'no-store').set(refusal.headers);
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

/** What the person can do next. */
const advice: Record<number, string> = {
  403: 'If you pressed a button on this site, reload the page and try again. If another site sent you here, it may have tried to act on your behalf.',
  404: 'Check the URL for a typing mistake. What was here may have been removed since.',
};
