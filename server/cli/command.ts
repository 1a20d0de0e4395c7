import type { Database } from '../../db/database.ts';
import { OperatorError } from '../../db/errors.ts';
import type { Client } from '../../db/events.ts';

/** Something an operator can do, by one line in a terminal. */
export interface Command {
  /** What it has to be given, as the usage names it: `['NAME']`. */
  takes: string[];
  /** What it may be given more of. */
  more?: string;
  /** The option it has beside --json, and how the usage shows it. */
  option?: { name: keyof Options; shown: string };
  help: string;
  run(db: Database, given: string[], options: Options): Promise<Outcome>;
}

export interface Options {
  email?: string | undefined;
  none?: boolean | undefined;
}

/** What to print: for people, and with `--json` for programs. */
export interface Outcome {
  text: string;
  json: unknown;
}

/** What a command can't do, in a sentence for the operator. */
export class CommandError extends OperatorError {}

/** Who did it, in the record of what happened. */
export const operator: Client = { ip: null, userAgent: 'operator' };
