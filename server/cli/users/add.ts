import { addUser } from '../../../db/user-changes.ts';
import { findUser } from '../../../db/users.ts';
import { usernameProblem } from '../../auth/username.ts';
import { CommandError, operator, type UserCommand } from '../command.ts';
import { newPasswordDigest } from './new-password.ts';

export const add: UserCommand = {
  usage: 'add <NAME> [EMAIL]',
  help: 'add a user, with a password and every permission',
  async run(db, [username = '', email], terminal) {
    const problem = usernameProblem(username) ?? emailProblem(email);
    if (problem) throw new CommandError(problem);
    const isTaken = new CommandError(`There is a user ${username} already.`);
    if (await findUser(db, username)) throw isTaken;
    const passwordDigest = await newPasswordDigest(terminal, { username });
    const permissions = await addUser(db, { username, email, passwordDigest }, operator);
    if (permissions === undefined) throw isTaken;
    return {
      text: `Added ${username}, with these permissions: ${permissions.join(' ')} (* is all of them).`,
      json: { username, email: email ?? null, permissions },
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
