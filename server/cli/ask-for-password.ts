import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { isSamePassword } from '../auth/password-forms.ts';
import { CommandError, Interrupted, type Terminal } from './command.ts';

/**
 * A password that is typed twice in the terminal, where it is not shown; otherwise the first line
 * of standard input.
 *
 * @throws {Interrupted} at Ctrl-C.
 * @throws {CommandError} when the two are not the same, or there is nothing to read.
 */
export async function askForPassword({ stdin, stderr }: Terminal): Promise<string> {
  const isTerminal = stdin.isTTY === true;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: stdin,
    output: silent,
    terminal: isTerminal,
    historySize: 0,
  });
  const typed = lines[Symbol.asyncIterator]();
  let isInterrupted = false;
  lines.once('SIGINT', () => {
    isInterrupted = true;
    lines.close();
  });
  const ask = async (question: string): Promise<string> => {
    if (isTerminal) stderr.write(question);
    const line = await typed.next();
    if (isTerminal) stderr.write('\n');
    if (isInterrupted) throw new Interrupted();
    if (line.done) throw new CommandError('There is no password to read.');
    return line.value;
  };
  try {
    const password = await ask('Password: ');
    if (isTerminal && !isSamePassword(await ask('Password again: '), password)) {
      throw new CommandError('The passwords do not match.');
    }
    return password;
  } finally {
    lines.close();
  }
}
