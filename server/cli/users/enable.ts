import { insertEvent } from '../../../db/events.ts';
import { setDisabled } from '../../../db/users.ts';
import { operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';

export const enable: UserCommand = {
  usage: 'enable <NAME>',
  help: 'accept a disabled user and their keys again',
  async run(db, [name]) {
    const { id, username } = await namedUser(db, name);
    await db.transaction().execute(async (trx) => {
      await setDisabled(trx, username, false);
      await insertEvent(trx, { kind: 'user enabled', userId: id, ...operator });
    });
    return { text: `Enabled ${username}.`, json: { username, disabled: false } };
  },
};
