import { disableUser } from '../../../db/user-changes.ts';
import { operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';

export const disable: UserCommand = {
  usage: 'disable <NAME>',
  help: 'end the sessions of a user; refuse their keys and log ins',
  async run(db, [name]) {
    const user = await namedUser(db, name);
    const { username } = user;
    await disableUser(db, user, operator);
    return { text: `Disabled ${username}.`, json: { username, disabled: true } };
  },
};
