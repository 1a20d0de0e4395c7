import { isDatabaseAway } from '../../db/errors.ts';

/** A refusal: an answer with a status, and a sentence that may be shown. */
export class HttpError extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** For what does not exist, and for another user's: the answer does not say which. */
export function notFound(): HttpError {
  return new HttpError(404, 'There is nothing at this URL.');
}

/** The answer to an error. The message of an error that is not an HttpError is not shown. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  // A path that can't be decoded names nothing.
  if (error instanceof URIError) return notFound();
  const status = clientErrorStatus(error);
  if (status === 413) return new HttpError(413, 'That request is too large.');
  if (status !== undefined) return new HttpError(status, 'The request could not be understood.');
  if (isDatabaseAway(error)) return databaseAway(error);
  return new HttpError(
    500,
    'Something failed on our side. Before you try again, check whether it worked.',
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
