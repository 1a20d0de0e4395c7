import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import {
  hasTooManyParameters,
  MAX_API_BODY_BYTES,
  MAX_PARAMETERS,
} from '../../http/request-limits.ts';
import { ApiError } from './errors.ts';

/** Room for a full batch. Compressed bodies are refused: a few bytes would become megabytes. */
const read = express.raw({ type: () => true, limit: MAX_API_BODY_BYTES, inflate: false });

/**
 * The fields of the form in a request's body; none where there is no body.
 *
 * @param isOptional whether the URL already names the action. Then a body that is not a form is
 *   ignored: lexicon and certbot send `{}` as JSON with each GET.
 * @throws {ApiError} 1 for any other body that is not a form, and for too many fields.
 */
export async function readForm(
  req: IncomingMessage,
  res: ServerResponse,
  { isOptional }: { isOptional: boolean },
): Promise<URLSearchParams> {
  // Old programs omit the content type.
  const isForm = (req.headers['content-type'] ?? FORM).toLowerCase().startsWith(FORM);
  if (!isForm && isOptional) return new URLSearchParams();
  await new Promise<void>((resolve, reject) => {
    read(req, res, (error?: unknown) => (error ? reject(error) : resolve()));
  });
  const body = 'body' in req && Buffer.isBuffer(req.body) ? req.body.toString() : '';
  if (body !== '' && !isForm) {
    throw new ApiError(1, `the body must be ${FORM}.`);
  }
  if (hasTooManyParameters(body)) {
    throw new ApiError(1, `a form has at most ${MAX_PARAMETERS} parameters.`);
  }
  return new URLSearchParams(body);
}

const FORM = 'application/x-www-form-urlencoded';
