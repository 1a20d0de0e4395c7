import { insertEvent } from '../../../db/events.ts';
import { setDisabled } from '../../../db/users.ts';
import { type Command, operator } from '../command.ts';
import { namedUser } from './named-user.ts';

export const enable: Command = {
  takes: ['NAME'],
  help: 'let a disabled user in again, and their keys',
  async run(db, [name]) {
    const { id, username } = await namedUser(db, name);
    await db.transaction().execute(async (trx) => {
      await setDisabled(trx, username, false);
      await insertEvent(trx, { kind: 'user enabled', userId: id, ...operator });
    });
    return { text: `Enabled ${username}.`, json: { username, disabled: false } };
  },
};
