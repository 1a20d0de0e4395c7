import { passwordProblem } from '../../auth/password-rules.ts';
import { startPasswords } from '../../auth/passwords.ts';
import { askForPassword } from '../ask-for-password.ts';
import { CommandError, type Terminal } from '../command.ts';

/**
 * Asks for a new password of a user, and returns its digest.
 *
 * @throws {CommandError} for a password that breaks a rule, or that the user has already.
 */
export async function newPasswordDigest(
  terminal: Terminal,
  user: { username: string; passwordDigest?: string },
): Promise<string> {
  const password = await askForPassword(terminal);
  const problem = passwordProblem(password, user.username);
  if (problem) throw new CommandError(problem);
  const passwords = await startPasswords({ cost: terminal.passwordCost });
  try {
    if ((await passwords.verify(password, user.passwordDigest)) !== 'wrong') {
      throw new CommandError(
        `This is the current password of ${user.username}. Choose another one.`,
      );
    }
    return await passwords.hash(password);
  } finally {
    await passwords.close();
  }
}
