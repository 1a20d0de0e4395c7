import { type ErrorCode, errors } from './errors.ts';

/** The shape of every response of the API, in the order of the original. */
export interface Envelope {
  ERRORARRAY: { ERRORCODE: ErrorCode; ERRORMESSAGE: string }[];
  DATA: unknown;
  /** As the caller spelled it, cut to MAX_ACTION_LENGTH. */
  ACTION: string;
}

/** No action has a longer name, and a response should not grow with the request. */
const MAX_ACTION_LENGTH = 64;

export function succeeded(action: string, data: unknown): Envelope {
  return { ERRORARRAY: [], DATA: data, ACTION: cut(action) };
}

export function failed(
  action: string,
  { code, message }: { code: ErrorCode; message: string },
): Envelope {
  return {
    ERRORARRAY: [{ ERRORCODE: code, ERRORMESSAGE: message }],
    DATA: {},
    ACTION: cut(action),
  };
}

/** For the log, the text of the first error code, or `ok`. A message may contain input, so it is not used. */
export function outcomeOf(answer: Envelope | Envelope[]): string {
  const [error] = [answer].flat().flatMap(({ ERRORARRAY }) => ERRORARRAY);
  return errors[error?.ERRORCODE ?? 0];
}

function cut(action: string): string {
  return action.slice(0, MAX_ACTION_LENGTH);
}
