import pino, { type DestinationStream, type Logger } from 'pino';

/**
 * The log. Of an error it keeps name, code, message, stack and cause, and not what a database adds:
 * PGlite the parameters of the statement, PostgreSQL the row that failed.
 */
export function createLogger(destination?: DestinationStream): Logger {
  const options = { serializers: { err: faultOf } };
  return destination ? pino(options, destination) : pino(options);
}

function faultOf(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error ? error.code : undefined;
  const cause = error.cause === undefined ? {} : { cause: faultOf(error.cause) };
  return { type: error.name, code, message: error.message, stack: error.stack, ...cause };
}
