import { setPassword } from '../../../db/user-changes.ts';
import { operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';
import { newPasswordDigest } from './new-password.ts';
import { inWords, temporary } from './temporary.ts';

export const password: UserCommand = {
  usage: 'password <NAME>',
  help: 'set a new password; ends their sessions, not their keys',
  flags: [temporary],
  async run(db, [name], terminal, flags) {
    const user = await namedUser(db, name);
    const { username } = user;
    const isTemporary = flags.has(temporary.name);
    const passwordDigest = await newPasswordDigest(terminal, user);
    await setPassword(db, user, { passwordDigest, isTemporary }, operator);
    return {
      text: `Changed the password of ${username}.${isTemporary ? ` ${inWords}` : ''}`,
      json: { username, temporary: isTemporary },
    };
  },
};
