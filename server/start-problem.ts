import { databaseProblem, OperatorError } from '../db/errors.ts';

/**
 * Why the app or a command can't run, in a sentence for the operator who can fix it; undefined for
 * an error in the program.
 */
export function startProblem(error: unknown): string | undefined {
  return error instanceof OperatorError ? error.message : databaseProblem(error);
}
