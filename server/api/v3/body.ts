import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { hasTooManyParameters, MAX_PARAMETERS } from '../../http/request-limits.ts';
import { ApiError } from './errors.ts';

/** Room for a full batch. Compressed bodies are refused: a few bytes would become megabytes. */
const read = express.raw({ type: () => true, limit: '100kb', inflate: false });

/** The fields of the form in a request's body; none where there is no body. */
export async function readForm(req: IncomingMessage, res: ServerResponse) {
  await new Promise<void>((resolve, reject) => {
    read(req, res, (error?: unknown) => (error ? reject(error) : resolve()));
  });
  const body = 'body' in req && Buffer.isBuffer(req.body) ? req.body.toString() : '';
  // Old programs forget to say what it is.
  const type = req.headers['content-type'] ?? FORM;
  if (body !== '' && !type.toLowerCase().startsWith(FORM)) {
    throw new ApiError(1, `the body must be ${FORM}.`);
  }
  if (hasTooManyParameters(body)) {
    throw new ApiError(1, `a form has at most ${MAX_PARAMETERS} parameters.`);
  }
  return new URLSearchParams(body);
}

const FORM = 'application/x-www-form-urlencoded';
