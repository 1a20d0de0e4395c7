import { addUser } from '../../../db/user-changes.ts';
import { findUser } from '../../../db/users.ts';
import { usernameProblem } from '../../auth/username.ts';
import { CommandError, operator, type UserCommand } from '../command.ts';
import { newPasswordDigest } from './new-password.ts';
import { inWords, temporary } from './temporary.ts';

export const add: UserCommand = {
  usage: 'add <NAME> [EMAIL]',
  help: 'add a user, with a password and every permission',
  flags: [temporary],
  async run(db, [username = '', email], terminal, flags) {
    const problem = usernameProblem(username) ?? emailProblem(email);
    if (problem) throw new CommandError(problem);
    const isTaken = new CommandError(`There is a user ${username} already.`);
    if (await findUser(db, username)) throw isTaken;
    const passwordDigest = await newPasswordDigest(terminal, { username });
    const isPasswordTemporary = flags.has(temporary.name);
    const user = { username, email, passwordDigest, isPasswordTemporary };
    const permissions = await addUser(db, user, operator);
    if (permissions === undefined) throw isTaken;
    return {
      text:
        `Added ${username}, with these permissions: ${permissions.join(' ')} (* is all of them).` +
        (isPasswordTemporary ? ` The password is temporary. ${inWords}` : ''),
      json: { username, email: email ?? null, permissions, temporary: isPasswordTemporary },
    };
  },
};

/** An address has at most 254 characters (RFC 5321), and something on both sides of an @. */
function emailProblem(email: string | undefined): string | undefined {
  if (email === undefined) return undefined;
  return email.length <= 254 && /^[^\s@]+@[^\s@]+$/.test(email)
    ? undefined
    : `"${email.slice(0, 254)}" is not an email address.`;
}
