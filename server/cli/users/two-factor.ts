import { turnOffTwoFactor } from '../../../db/user-changes.ts';
import { operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';

export const twoFactor: UserCommand = {
  usage: 'two-factor <NAME>',
  help: 'with --off, disable it: the password alone is enough to log in',
  flags: [
    { name: 'off', help: 'disable it, for a user who has lost phone and codes', isRequired: true },
  ],
  async run(db, [name]) {
    const user = await namedUser(db, name);
    const { username } = user;
    const isTurnedOff = await turnOffTwoFactor(db, user, operator);
    return {
      text: isTurnedOff
        ? `Disabled two-factor authentication for ${username}.`
        : `${username} has not enabled two-factor authentication.`,
      json: { username, twoFactor: false },
    };
  },
};
