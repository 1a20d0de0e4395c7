import type { Readable, Writable } from 'node:stream';
import type { Database } from '../../db/database.ts';
import { OperatorError } from '../../db/errors.ts';
import type { Client } from '../../db/events.ts';

/** A command of `npm run users`. */
export interface UserCommand {
  /** Its name and arguments, as commander reads them: `add <NAME> [EMAIL]`. */
  usage: string;
  help: string;
  /** The options that it has, in addition to those of all commands. */
  flags?: readonly Flag[];
  /**
   * @param given the arguments, in their order.
   * @param flags the names of the options that were given.
   */
  run(
    db: Database,
    given: string[],
    terminal: Terminal,
    flags: ReadonlySet<string>,
  ): Promise<Outcome>;
}

/** An option without a value: `--off` is named `off`. */
export interface Flag {
  name: string;
  help: string;
  /** Whether the command does nothing without it. */
  isRequired?: true;
}

/** What to print: for people, and with `--json` for programs. */
export interface Outcome {
  text: string;
  json: unknown;
}

/** What a command reads and writes; `process` is one. */
export interface Terminal {
  env: Record<string, string | undefined>;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable;
  stderr: Writable;
  /** The cost of new passwords; only tests set it. */
  passwordCost?: number;
}

/** Why a command can't be done, in a sentence for the operator. */
export class CommandError extends OperatorError {}

/** The operator has pressed Ctrl-C. */
export class Interrupted extends Error {}

/** The operator, as the client in events. */
export const operator: Client = { ip: null, userAgent: 'operator' };
