import type { ErrorCode } from './errors.ts';

/** What every answer of the API looks like; the order of the three is that of the original. */
export interface Envelope {
  ERRORARRAY: { ERRORCODE: number; ERRORMESSAGE: string }[];
  DATA: unknown;
  /** As the caller spelled it. */
  ACTION: string;
}

export function succeeded(action: string, data: unknown): Envelope {
  return { ERRORARRAY: [], DATA: data, ACTION: action };
}

export function failed(
  action: string,
  { code, message }: { code: ErrorCode; message: string },
): Envelope {
  return { ERRORARRAY: [{ ERRORCODE: code, ERRORMESSAGE: message }], DATA: {}, ACTION: action };
}
