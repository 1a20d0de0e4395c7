import { countKeysByState } from '../../../db/api-keys/list.ts';
import { describeUser } from '../../../db/users.ts';
import type { UserCommand } from '../command.ts';
import { inLines } from '../facts.ts';
import { namedUser } from './named-user.ts';

export const show: UserCommand = {
  usage: 'show <NAME>',
  help: 'what is known about a user',
  async run(db, [username]) {
    const { id } = await namedUser(db, username);
    const { active: activeKeys, paused: pausedKeys } = await countKeysByState(db, id);
    const user = { ...(await describeUser(db, id)), activeKeys, pausedKeys };
    return { text: inLines(user), json: user };
  },
};
