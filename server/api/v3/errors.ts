/** The error messages of the Linode API v3, by `ERRORCODE`. */
export const errors = {
  0: 'ok',
  1: 'Bad request',
  2: 'No action was requested',
  3: 'The requested class does not exist',
  4: 'Authentication failed',
  5: 'Object not found',
  6: 'A required property is missing for this action',
  7: 'Property is invalid',
  8: 'A data validation error has occurred',
  9: 'Method Not Implemented',
  10: 'Too many batched requests',
  11: "RequestArray isn't valid JSON or WDDX",
  12: 'Batch approaching timeout. Stopping here.',
  13: 'Permission denied',
  14: 'API rate limit exceeded',
  44: 'A token of two-factor authentication is required',
} as const;

export type ErrorCode = keyof typeof errors;

/** A refusal with the original's message, followed by a detail where there is one. */
export class ApiError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string) {
    super(detail === undefined ? errors[code] : `${errors[code]}: ${detail}`);
    this.code = code;
  }
}
