import { passwordProblem } from '../../auth/password-rules.ts';
import { startPasswords } from '../../auth/passwords.ts';
import { askForPassword } from '../ask-for-password.ts';
import { CommandError, type Terminal } from '../command.ts';

/** Asks for a password, and returns its digest. */
export async function newPasswordDigest(terminal: Terminal): Promise<string> {
  const password = await askForPassword(terminal);
  const problem = passwordProblem(password);
  if (problem) throw new CommandError(problem);
  const passwords = await startPasswords();
  return passwords.hash(password).finally(passwords.close);
}
