import { countActiveKeys } from '../../../db/api-keys/list.ts';
import { describeUser } from '../../../db/users.ts';
import type { UserCommand } from '../command.ts';
import { inLines } from '../facts.ts';
import { namedUser } from './named-user.ts';

export const show: UserCommand = {
  usage: 'show <NAME>',
  help: 'what is known of a user',
  async run(db, [username]) {
    const { id } = await namedUser(db, username);
    const user = { ...(await describeUser(db, id)), activeKeys: await countActiveKeys(db, id) };
    return { text: inLines(user), json: user };
  },
};
