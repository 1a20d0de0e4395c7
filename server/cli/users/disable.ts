import { insertEvent } from '../../../db/events.ts';
import { endSessionsOf } from '../../../db/open-sessions.ts';
import { setDisabled } from '../../../db/users.ts';
import { operator, type UserCommand } from '../command.ts';
import { namedUser } from './named-user.ts';

export const disable: UserCommand = {
  usage: 'disable <NAME>',
  help: 'end the sessions of a user; refuse their keys and log ins',
  async run(db, [name]) {
    const { id, username } = await namedUser(db, name);
    await db.transaction().execute(async (trx) => {
      await setDisabled(trx, username, true);
      await endSessionsOf(trx, username);
      await insertEvent(trx, { kind: 'user disabled', userId: id, ...operator });
    });
    return { text: `Disabled ${username}.`, json: { username, disabled: true } };
  },
};
