import { enableUser } from '../../../db/user-changes.ts';
import { operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';

export const enable: UserCommand = {
  usage: 'enable <NAME>',
  help: 'accept a disabled user and their keys again',
  async run(db, [name]) {
    const user = await namedUser(db, name);
    const { username } = user;
    await enableUser(db, user, operator);
    return { text: `Enabled ${username}.`, json: { username, disabled: false } };
  },
};
