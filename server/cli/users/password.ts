import { setPassword } from '../../../db/user-changes.ts';
import { operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';
import { newPasswordDigest } from './new-password.ts';

export const password: UserCommand = {
  usage: 'password <NAME>',
  help: 'set a new password; ends their sessions, not their keys',
  async run(db, [name], terminal) {
    const user = await namedUser(db, name);
    const { username } = user;
    await setPassword(db, user, await newPasswordDigest(terminal, user), operator);
    return { text: `Changed the password of ${username}.`, json: { username } };
  },
};
